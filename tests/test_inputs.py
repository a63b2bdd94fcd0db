from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from mmbm.inputs import (
    equalise,
    film,
    find_lungs,
    likeness,
    lung_film,
    prepare,
    prepare_film,
    shrink,
)
from mmbm.model.lungs import WHOLE
from mmbm.model.notes import tokenise, train_tokenizer

from mmbm.case import Case, Notes, Picture
from mmbm.config import ImageConfig
from mmbm.data.corpus import read_corpus, read_texts
from mmbm.data.manifest import read_manifest
from mmbm.io import read_picture
from mmbm.model import checkpoint
from tests.made_cases import TINY, picture, sound


def test_equalise_ranks_the_greys():
    square = torch.tensor([[[0.9, 0.1], [0.5, 0.2]]])
    expected = torch.tensor([[[1.0, -1.0], [1 / 3, -1 / 3]]])
    assert torch.allclose(equalise(square), expected, atol=1e-6)


def test_equalise_gives_ties_one_rank():
    flat = equalise(torch.tensor([[[0.3, 0.3], [0.3, 0.8]]]))
    assert flat[0, 0, 0] == flat[0, 0, 1] == flat[0, 1, 0] < flat[0, 1, 1]


def test_window_and_gamma_do_not_reach_the_model():
    original = picture()
    changed = replace(original, shown=(0.2 + 0.5 * original.shown**1.0).astype(np.float32))
    same = film(original, 64) - film(changed, 64)
    assert float(same.abs().max()) < 0.01


def test_a_negative_is_the_film_turned_round():
    original = picture()
    negative = replace(original, shown=1.0 - original.shown)
    assert torch.allclose(film(negative, 64), -film(original, 64), atol=0.01)


def test_a_negative_is_noticed_and_turned_back(tiny_model_dir):
    loaded = checkpoint.read(tiny_model_dir)
    shown = picture().shown
    mean = torch.nn.functional.interpolate(film(picture(), 64)[None], (32, 32), mode="area")[0, 0]
    assert likeness(film(picture(), 64), mean) > 0.9
    negative = Picture(pixels=1 - shown, shown=1 - shown)
    prepared = prepare(Case(negative), TINY, loaded.tokenizer, mean)
    assert any("negative" in warning for warning in prepared.warnings)
    assert torch.allclose(prepared.inputs.film[0], film(picture(), 64), atol=0.01)


@pytest.mark.parametrize("lungs", [False, True])
@pytest.mark.parametrize("cycles", [0.0, 24.0])
@pytest.mark.parametrize("negative", [False, True])
def test_a_film_made_in_one_go_is_the_one_made_from_the_start(lungs, cycles, negative):
    config = ImageConfig(size=64, lungs=lungs, cycles=cycles)
    mean = film(picture(), 32)[0] * (-1 if negative else 1)
    made = prepare_film(picture(), config, mean)
    assert made.turned is negative
    shown = 1 - picture().shown if negative else picture().shown
    found = find_lungs(equalise(shrink(shown, 64)))
    greys = lung_film(shown, found, 64) if lungs else shrink(shown, 64)
    assert torch.equal(made.planes, greys)
    assert made.box == (found.box if lungs else WHOLE)


def test_long_inputs_are_cut_with_a_word(tiny_model_dir):
    loaded = checkpoint.read(tiny_model_dir)
    text = "fever " * 200
    case = Case(notes=Notes(text), audio=sound(seconds=31.0))
    prepared = prepare(case, TINY, loaded.tokenizer, torch.zeros(32, 32))
    assert len(prepared.tokens.ids) == TINY.notes.max_tokens
    assert prepared.seconds == 30.0
    assert [w.split(":")[0] for w in prepared.warnings] == [
        "The notes are long",
        "The lung sound is long",
    ]


def test_training_and_serving_prepare_alike(tiny_run):
    """A corpus row gives the very tensors that the predictor makes of the same files."""
    folder = tiny_run / "cases"
    manifest = read_manifest(folder / "manifest.csv")
    loaded = checkpoint.read(tiny_run / "run" / "model")
    corpus = read_corpus(manifest, read_texts(manifest), loaded.network.config, loaded.tokenizer)
    served = prepare(
        Case(
            image=read_picture((folder / "film3.png").read_bytes(), "film3.png"),
            notes=Notes(manifest.rows.at[3, "notes_text"]),
        ),
        loaded.network.config,
        loaded.tokenizer,
        loaded.network.mean_film,
    ).inputs
    trained = corpus.inputs([3])
    assert torch.equal(served.film, trained.film)
    assert torch.equal(served.tokens, trained.tokens)


@pytest.mark.parametrize("size", [32, 50])
def test_film_is_square_whatever_the_aspect(size):
    wide = np.random.default_rng(0).random((40, 90)).astype(np.float32)
    assert film(Picture(wide, wide), size).shape == (1, size, size)


def test_a_note_is_cut_before_it_is_tokenised():
    whole = train_tokenizer(["cough and fever, T 38.7 for 3 days", "患者咳嗽发热"], 200)
    asked = []

    class Watched:
        def encode(self, text):
            asked.append(len(text))
            return whole.encode(text)

    notes = {
        "words": "cough and fever for 3 days, " * 700,
        "Chinese": "患者咳嗽发热，" * 3000,
        "spaces": "cough" + " \n" * 9000 + "fever " * 600,
        "short": "cough and fever",
        "ligatures": "\ufdfa" * 199_000,
    }
    for name, note in notes.items():
        asked.clear()
        tokens = tokenise(Watched(), note, 64)
        if name != "ligatures":
            encoding = whole.encode(note)
            assert tokens.ids == encoding.ids[:64]
            assert tokens.spans == encoding.offsets[:64]
        assert max(asked) <= (4 * 64 * 8 if name != "spaces" else len(note))
