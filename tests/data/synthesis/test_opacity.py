"""Opacities drawn into healthy films: in the lungs, brighter, labelled, and of a known place."""

from __future__ import annotations

import math

import pandas as pd
import pytest
import torch

from mmbm.branches.image.config import ImageConfig
from mmbm.branches.notes.prepare import train_tokenizer
from mmbm.data.manifest import read_manifest
from mmbm.data.reading import read_corpus, read_texts
from mmbm.data.synthesis.opacity import draw_opacity
from mmbm.errors import ConfigError
from mmbm.model.network import MultimodalBigModel, Positions
from mmbm.train.loader import load
from mmbm.train.loss import place_loss
from tests.made_cases import TINY, TINY_TRAINING, write_manifest

SIZE = 96


def film():
    """Dark lungs in bright tissue, with a lung plane that fits."""
    lungs = torch.zeros(1, SIZE, SIZE)
    lungs[:, 15:80, 10:42] = lungs[:, 15:80, 54:86] = 1
    torch.manual_seed(0)
    greys = 0.8 - 0.6 * lungs + 0.02 * torch.randn(1, SIZE, SIZE)
    return torch.cat([greys.clamp(0, 1), lungs])


def test_it_brightens_lungs_and_nothing_else():
    clear = film()
    for seed in range(20):
        torch.manual_seed(seed)
        drawn = draw_opacity(clear)
        assert drawn is not None and drawn.shape == (3, SIZE, SIZE)
        assert float(drawn.min()) >= 0 and float(drawn.max()) <= 1
        assert torch.equal(drawn[1], clear[1])
        lifted = drawn[0] - clear[0]
        inside = clear[1] > 0.5
        assert float(drawn[2].max()) == 1.0 and float(drawn[2].min()) >= 0
        assert float(lifted[drawn[2] > 0.5].mean()) > float(lifted[drawn[2] < 0.1].mean())
        assert float(drawn[2][:, 45:51].max()) < 0.05
        assert float(lifted[inside].mean()) > 0.01 and float(lifted[inside].max()) > 0.1
        assert float(lifted[:, 45:51].abs().max()) < 0.05  # between the lungs
        assert float(lifted[:5].abs().max()) == 0.0


def test_none_where_no_lungs_are_seen_or_nothing_could_show():
    blank, bright = film(), film()
    blank[1] = 0
    bright[0] = 0.8
    assert draw_opacity(blank) is None
    assert draw_opacity(bright) is None


def batches(folder, lungs, *, fusion="weighted_sum", **settings):
    path = write_manifest(folder, 16)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows["split"] = "train"
    rows.to_csv(path, index=False)
    manifest = read_manifest(path)
    image = ImageConfig(size=64, lungs=lungs)
    model = TINY.model_copy(update={"image": image, "fusion": fusion})
    tools = {"notes": train_tokenizer(read_texts(manifest), 200)}
    corpus = read_corpus(manifest, read_texts(manifest), model, tools)
    if lungs:  # where the finder sees none, everything is lung
        corpus.films[:, 1] = 0
        corpus.films[:, 1, 10:50, 5:28] = corpus.films[:, 1, 10:50, 36:59] = 1
        corpus.films[:, 0] = 0.8 - 0.6 * corpus.films[:, 1]
    change = {"model": model, "workers": 0, "epochs": 1, "balance": "none"} | settings
    config = TINY_TRAINING.model_copy(update=change)
    return corpus, list(load(corpus, config, first=0))


def test_a_drawn_opacity_counts_as_pneumonia(tmp_path):
    corpus, plain = batches(tmp_path / "a", True)
    _, drawn = batches(tmp_path / "b", True, opacities=1.0)
    sick = corpus.labels[:, 0].mean()
    assert torch.cat([b.labels[:, 0] for b in plain]).mean() == pytest.approx(float(sick))
    for batch in drawn:
        assert bool(
            (batch.labels[:, 0] == 1).all() and (batch.labels[:, 1].nan_to_num(0) == 0).all()
        )
        (planes,) = batch.inputs.parts["image"]
        assert planes.shape[1] == 2  # the net sees no place
        assert batch.where["image"].shape == planes[:, 0].shape
        assert (batch.where["image"].amax((1, 2)) > 0.5).any()
    assert all("image" not in batch.where for batch in plain)
    assert float(corpus.labels[:, 0].mean()) == float(sick)  # the corpus stays as it was


def test_it_needs_the_lungs(tmp_path):
    with pytest.raises(ConfigError, match="Set lungs = true"):
        batches(tmp_path, False, opacities=0.5)


def test_the_place_of_an_opacity_is_what_evidence_is_drawn_to():
    """The loss is least where all that speaks for pneumonia lies in the opacity's place."""
    network = MultimodalBigModel(TINY.model_copy(update={"findings": ("no_finding", "pneumonia")}))
    network.requires_grad_(False)
    row = network.head.weight[1]
    drawn = torch.zeros(2, 8, 8)
    drawn[0, :4, 4:] = 1  # of the second film nothing is known

    def loss(cell, strength=9.0):
        shares = torch.zeros(2, 4)
        shares[:, cell] = strength
        vectors = (row / row.square().sum())[None, :, None] * shares[:, None]
        seen = Positions(vectors, (2, 2), torch.full((1, 4), 0.25))
        return place_loss(network, "image", seen, drawn)

    there, elsewhere, nowhere = loss(1), loss(2), loss(0, 0.0)
    assert float(there.known) == 1
    assert float(there.total) == pytest.approx(0, abs=1e-3)
    assert float(there.total) < float(nowhere.total) < float(elsewhere.total)
    assert float(nowhere.total) == pytest.approx(math.log(4), abs=1e-5)


def test_a_place_outside_the_lungs_does_not_count():
    network = MultimodalBigModel(TINY).requires_grad_(False)
    drawn = torch.ones(1, 8, 8)
    lungs = torch.tensor([[0.5, 0.0, 0.0, 0.5]])
    seen = Positions(torch.zeros(1, TINY.features, 4), (2, 2), lungs)
    assert float(place_loss(network, "image", seen, drawn).total) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"localise": 0.5}, "or synthesised opacities"),
        ({"localise": 0.5, "opacities": 0.5, "fusion": "concat"}, "weighted_sum"),
    ],
)
def test_it_says_what_it_needs_for_a_place(tmp_path, settings, says):
    with pytest.raises(ConfigError, match=says):
        batches(tmp_path, True, **settings)
