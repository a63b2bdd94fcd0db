"""Joining branches that were trained apart: each says what it said, one head reads them all."""

from __future__ import annotations

import json

import pytest
import torch
from typer.testing import CliRunner

from mmbm.branches.notes.config import NotesConfig
from mmbm.branches.notes.prepare import train_tokenizer
from mmbm.cli import app
from mmbm.data.manifest import read_manifest
from mmbm.data.reading import read_corpus, read_texts
from mmbm.errors import ConfigError
from mmbm.evaluate import extract
from mmbm.model import checkpoint
from mmbm.model.config import ModelConfig
from mmbm.model.network import MultimodalBigModel
from mmbm.train.graft import graft
from mmbm.train.refit import refit
from tests.made_cases import TINY, write_manifest

FILMS = TINY.model_copy(update={"modalities": ("image",), "notes": NotesConfig(vocabulary=9)})


def net(seed, config=TINY):
    torch.manual_seed(seed)
    made = MultimodalBigModel(config).eval().requires_grad_(False)
    torch.nn.init.normal_(made.head.weight)
    return made


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    manifest = read_manifest(write_manifest(tmp_path_factory.mktemp("graft"), 48))
    texts = read_texts(manifest)
    return read_corpus(manifest, texts, TINY, {"notes": train_tokenizer(texts, 200)})


def read(network, corpus):
    return extract(network, corpus, torch.device("cpu")).features


def heard(network, corpus, modality):
    """One part of the first cases, as a network reads it by itself."""
    inputs = corpus.inputs([case for case in range(len(corpus)) if corpus.present[case].all()][:1])
    return network.read(inputs)[modality].mean


def test_the_film_says_what_it_said_and_the_others_are_read_as_they_were(corpus):
    films, notes, sounds = net(0, FILMS), net(1), net(2)
    grafted = graft(films, {"notes": notes, "audio": sounds})
    assert grafted.config.modalities == ("image", "notes", "audio")
    assert grafted.config.notes == TINY.notes and grafted.config.image == FILMS.image
    features = read(grafted, corpus)
    for modality, giver in (("image", films), ("notes", notes), ("audio", sounds)):
        own = heard(giver, corpus, modality)
        assert torch.equal(heard(grafted, corpus, modality), own) and own.any()
    alone = features * torch.tensor([1.0, 0.0, 0.0])[:, None]
    said, before = grafted.readout().logits(alone), films.readout().logits(alone[:, :1])
    torch.testing.assert_close(said, before)
    assert torch.equal(grafted.event_heads["audio"].weight, sounds.event_heads["audio"].weight)


def test_a_held_branch_keeps_its_directions_while_the_others_learn_them(corpus):
    grafted = graft(net(0, FILMS), {"notes": net(1), "audio": net(2)})
    features, before = read(grafted, corpus), grafted.readout()
    turned = refit(grafted, corpus, features, held="image")(features, corpus.present)
    assert torch.equal(turned[:, 0], features[:, 0])
    assert not torch.equal(turned[:, 1], features[:, 1])
    after = grafted.readout()
    assert torch.equal(after.head, before.head) and not torch.equal(after.weights, before.weights)
    torch.testing.assert_close(read(grafted, corpus), turned, atol=2e-3, rtol=0)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"notes": TINY}, "would keep 2"),
        ({"notes": FILMS, "audio": TINY}, "does not read Notes"),
        ({"notes": TINY.model_copy(update={"features": 8}), "audio": TINY}, "has 8 features"),
    ],
)
def test_what_does_not_fit_is_refused(others, said):
    with pytest.raises(ConfigError, match=said):
        graft(net(0), {m: net(1, config) for m, config in others.items()})


def test_another_fusion_is_refused():
    gated: ModelConfig = FILMS.model_copy(update={"fusion": "gated"})
    with pytest.raises(ConfigError, match="weighted sum"):
        graft(net(0, gated), {"notes": net(1)})


@pytest.mark.slow
def test_the_commands_make_a_model_whose_card_tells_where_its_branches_are_from(
    tiny_run, tiny_model_dir, tmp_path
):
    def run(*arguments):
        said = CliRunner().invoke(app, [str(a) for a in arguments])
        assert said.exit_code == 0, said.output
        return said.output

    joined = tmp_path / "joined"
    run(
        *("graft", "--model", tiny_model_dir, "--notes", tiny_model_dir, "--out", joined),
        *("--audio", tiny_model_dir, "--name", "joined", "--version", "3.1.0"),
    )
    loaded = checkpoint.read(joined)
    assert (loaded.identity.name, loaded.identity.version) == ("joined", "3.1.0")
    card = json.loads((joined / "card.json").read_text(encoding="utf-8"))
    assert card["lineage"][-1]["kind"] == "graft"
    assert set(card["lineage"][-1]["averaged"]) == {"notes", "audio"}
    manifest = tiny_run / "cases" / "manifest.csv"
    fitted = tmp_path / "fitted"
    run(
        *("calibrate", manifest, "--model", joined, "--out", fitted),
        *("--head", "--hold", "image", "--device", "cpu"),
    )
    last = json.loads((fitted / "card.json").read_text(encoding="utf-8"))["lineage"][-1]
    assert last["settings"] == {"head": True, "hold": "image"}
    refused = CliRunner().invoke(
        app, ["calibrate", str(manifest), "--out", str(tmp_path / "no"), "--hold", "image"]
    )
    assert refused.exit_code == 2 and "Add --head" in refused.output
