from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import adaptive_avg_pool2d

from mmbm.case import Case, Notes
from mmbm.explain.ledger import ledger
from mmbm.explain.maps import WordShare, clauses, finer_maps, last_layer, last_layers, words
from mmbm.model.fusion import FUSIONS
from mmbm.model.network import Positions
from mmbm.model.notes import Tokens
from mmbm.predict import Predictor
from tests.made_cases import NOTES, case, write_model


@pytest.fixture(scope="module")
def predictor(tiny_model_dir):
    return Predictor.load(tiny_model_dir, "cpu", threads=1)


@pytest.fixture(scope="module", params=list(FUSIONS))
def any_predictor(request, tmp_path_factory):
    folder = write_model(tmp_path_factory.mktemp(request.param), request.param)
    return Predictor.load(folder, "cpu", threads=1)


def test_the_maps_of_a_whole_film_do_not_wait_for_its_lungs(predictor):
    prediction = predictor.predict(case())
    last_layers(prediction)
    assert "lungs" not in vars(prediction.features.prepared.film)


def test_maps_sum_to_the_contributions(any_predictor):
    prediction = any_predictor.predict(case())
    for entry in ledger(prediction):
        maps = last_layer(prediction, entry.finding)
        assert maps.image.sum() == pytest.approx(entry.contributions["image"], abs=1e-4)
        assert maps.audio.sum() == pytest.approx(entry.contributions["audio"], abs=1e-4)
        total = sum(word.share for word in maps.words)
        assert total == pytest.approx(entry.contributions["notes"], abs=1e-4)


def test_finer_maps_sum_to_the_contributions(any_predictor):
    prediction = any_predictor.predict(case())
    maps = finer_maps(any_predictor, prediction)
    for entry, of, plain in zip(ledger(prediction), maps, last_layers(prediction), strict=True):
        assert of.image.shape == (64, 64) and of.finding == entry.finding
        assert of.image.sum() == pytest.approx(entry.contributions["image"], abs=1e-9)
        assert np.array_equal(of.audio, plain.audio) and [*of.words] == [*plain.words]
    without = any_predictor.predict(Case(notes=Notes("fever")))
    assert finer_maps(any_predictor, without)[0].image is None


@pytest.mark.parametrize("spot", [(0, 0), (20, 37), (29, 30), (63, 5)])
def test_the_four_grids_lie_where_the_film_lay(predictor, monkeypatch, spot):
    """A branch that reads the mean grey of each cell: all grids find the one bright pixel."""
    prediction = predictor.predict(case())
    prepared = prediction.features.prepared
    film = torch.zeros_like(prepared.inputs.film)
    film[..., spot[0], spot[1]] = 1.0
    prepared = replace(prepared, inputs=replace(prepared.inputs, film=film))
    prediction = replace(prediction, features=replace(prediction.features, prepared=prepared))

    def encode(modality, inputs):
        cells = adaptive_avg_pool2d(inputs.film, 8).flatten(2)
        vectors = cells.expand(-1, predictor.config.features, -1)
        return Positions(vectors, (8, 8), torch.full((1, 64), 1 / 64))

    monkeypatch.setattr(predictor.network, "encode", encode)
    directions = prediction.readout.directions(prediction.features.means)[:, 0]
    for of, row in zip(finer_maps(predictor, prediction), directions, strict=True):
        shares = of.image * float(row.sum())
        assert shares[spot] == pytest.approx(shares.max(), rel=1e-6)
        assert (shares > shares.min() + 1e-3 * np.ptp(shares)).sum() <= 12**2  # three half cells


def test_absent_modalities_have_no_map(predictor):
    maps = last_layer(predictor.predict(Case(notes=Notes("fever"))), "pneumonia")
    assert maps.image is None and maps.audio is None and maps.audio_seconds == 0.0


@pytest.mark.parametrize("text", NOTES[1])
def test_words_stand_where_they_are_in_the_note(predictor, text):
    maps = last_layer(predictor.predict(Case(notes=Notes(text))), "pneumonia")
    shown = [text[word.start : word.end] for word in maps.words]
    assert "".join(shown) == "".join(text.split())
    assert all(a.end <= b.start for a, b in zip(maps.words, maps.words[1:], strict=False))


def test_pieces_of_a_word_are_added_up():
    tokens = Tokens([5, 6, 7], [(0, 3), (3, 5), (6, 9)], [0, 0, 1])
    merged, other = words(tokens, np.array([[0.5, -0.2, 1.0], [0.0, 0.0, 2.0]]))
    assert [(w.start, w.end) for w in merged] == [(0, 5), (6, 9)]
    assert [w.share for w in merged] == pytest.approx([0.3, 1.0])
    assert [w.share for w in other] == [0.0, 2.0]
    assert list(merged[1:]) == [merged[1]] and merged[-1] == merged[1]


def test_no_share_is_lost_to_a_token_before_the_first_word():
    tokens = Tokens([2, 5, 6, 3], [(0, 0), (0, 3), (3, 5), (0, 0)], [-1, 0, 0, -1])
    (merged,) = words(tokens, np.array([[0.5, 1.0, 2.0, 0.25]]))
    assert list(merged) == [(0, 0, 0.5), (0, 5, 3.0), (0, 0, 0.25)]
    assert words(Tokens([], [], []), np.zeros((2, 0))) == ((), ())


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Fever 38.6 °C, denies pain; no cough.\nWell.",
            ["Fever 38.6 °C,", "denies pain;", "no cough.", "Well."],
        ),
        ("否认发热、咳嗽，有胸痛。", ["否认发热、咳嗽，", "有胸痛。"]),
        ("", []),
    ],
)
def test_a_note_is_added_up_by_clauses(text, parts):
    shares = [
        WordShare(m.start(), m.end(), float(k)) for k, m in enumerate(re.finditer(r"\S", text))
    ]
    found = clauses(text, [WordShare(0, 0, 9.0), *shares])
    assert [text[c.start : c.end] for c in found] == parts
    assert sum(c.share for c in found) == sum(w.share for w in shares)
