from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn.functional import adaptive_avg_pool2d

from mmbm.case import Case, Notes
from mmbm.explain.ledger import ledger
from mmbm.explain.maps import finer_maps, last_layer, last_layers
from mmbm.model.network import Positions
from mmbm.model.readout import FUSIONS
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
    assert "lungs" not in vars(prediction.features.prepared["image"].film)


def test_maps_sum_to_the_contributions(any_predictor):
    prediction = any_predictor.predict(case())
    for entry in ledger(prediction):
        maps = last_layer(prediction, entry.finding)
        assert maps.values("image").sum() == pytest.approx(entry.contributions["image"], abs=1e-4)
        assert maps.values("audio").sum() == pytest.approx(entry.contributions["audio"], abs=1e-4)
        total = sum(word.share for word in maps.values("notes"))
        assert total == pytest.approx(entry.contributions["notes"], abs=1e-4)


def test_finer_maps_sum_to_the_contributions(any_predictor):
    prediction = any_predictor.predict(case())
    maps = finer_maps(any_predictor, prediction)
    for entry, of, plain in zip(ledger(prediction), maps, last_layers(prediction), strict=True):
        assert of.values("image").shape == (64, 64) and of.finding == entry.finding
        assert of.values("image").sum() == pytest.approx(entry.contributions["image"], abs=1e-9)
        assert np.array_equal(of.values("audio"), plain.values("audio"))
        assert [*of.values("notes")] == [*plain.values("notes")]
    without = any_predictor.predict(Case(notes=Notes("fever")))
    assert finer_maps(any_predictor, without)[0].values("image") is None


@pytest.mark.parametrize("spot", [(0, 0), (20, 37), (29, 30), (63, 5)])
def test_the_four_grids_lie_where_the_film_lay(predictor, monkeypatch, spot):
    """A branch that reads the mean grey of each cell: all grids find the one bright pixel."""
    prediction = predictor.predict(case())
    prepared = prediction.features.prepared
    film = torch.zeros_like(prepared["image"].tensors[0])
    film[..., spot[0], spot[1]] = 1.0
    prepared = prepared | {"image": replace(prepared["image"], tensors=(film,))}
    prediction = replace(prediction, features=replace(prediction.features, prepared=prepared))

    def encode(modality, film):
        assert modality == "image"
        cells = adaptive_avg_pool2d(film, 8).flatten(2)
        vectors = cells.expand(-1, predictor.config.features, -1)
        return Positions(vectors, (8, 8), torch.full((1, 64), 1 / 64))

    monkeypatch.setattr(predictor.network, "encode", encode)
    directions = prediction.readout.directions(prediction.features.means)[:, 0]
    for of, row in zip(finer_maps(predictor, prediction), directions, strict=True):
        shares = of.values("image") * float(row.sum())
        assert shares[spot] == pytest.approx(shares.max(), rel=1e-6)
        assert (shares > shares.min() + 1e-3 * np.ptp(shares)).sum() <= 12**2  # three half cells


def test_absent_modalities_have_no_map(predictor):
    maps = last_layer(predictor.predict(Case(notes=Notes("fever"))), "pneumonia")
    assert maps.values("image") is None and maps.values("audio") is None
    assert list(maps.parts) == ["notes"]


@pytest.mark.parametrize("text", NOTES[1])
def test_words_stand_where_they_are_in_the_note(predictor, text):
    maps = last_layer(predictor.predict(Case(notes=Notes(text))), "pneumonia")
    shown = [text[word.start : word.end] for word in maps.values("notes")]
    assert "".join(shown) == "".join(text.split())
    assert all(a.end <= b.start for a, b in pairwise(maps.values("notes")))
