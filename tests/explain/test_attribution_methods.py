"""Every method by name, on tiny models: sums, places, baselines, refusals, cancelling."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
import torch
from captum.attr import (
    GradientShap,
    InputXGradient,
    LayerGradCam,
    LayerIntegratedGradients,
    Occlusion,
    Saliency,
)

from mmbm.branches.registry import spaces
from mmbm.errors import Cancelled, ConfigError, NoSignal
from mmbm.explain.attribution import (
    Contribution,
    attribute,
    closer_maps,
    feature_conductance,
    modality_shapley,
    space_of,
)
from mmbm.explain.attribution.methods import DRAWS, gradient_shap
from mmbm.explain.attribution.work import Work, free_bytes
from mmbm.explain.ledger import ledger
from mmbm.model.readout import FUSIONS
from mmbm.predict import Predictor
from tests.made_cases import TINY, case, write_model

SPACES = {over: space for over, (_, space) in spaces().items()}
EVERY = [(over, method) for over, space in SPACES.items() for method in space.methods]
COMPLETE = [
    *(
        (over, "DeepLIFT", baseline)
        for over in ("pixels", "words", "bands")
        for baseline in SPACES[over].baselines
    ),
    ("words", "Layer Integrated Gradients", "unknown"),
    ("bands", "Integrated Gradients", "flat"),
]


@pytest.fixture(scope="module")
def predictor(tiny_model_dir):
    return Predictor.load(tiny_model_dir, "cpu", threads=1)


@pytest.fixture(scope="module")
def prediction(predictor):
    return predictor.predict(case())


def total(found):
    if found.over == "words":
        return sum(word.share for word in found.values) + found.unplaced
    return float(found.values.astype(np.float64).sum())


@pytest.mark.parametrize(("over", "method"), EVERY)
def test_every_method_answers_for_its_space(predictor, prediction, over, method):
    heard = []
    found = attribute(
        predictor, prediction, over, "pneumonia", method=method, progress=heard.append
    )
    assert (found.over, found.method, heard[-1]) == (over, method, 1.0)
    if over == "pixels":
        assert found.values.shape == (TINY.image.size, TINY.image.size)
    elif over == "words":
        assert all(word.end > word.start for word in found.values)
    else:
        assert np.isfinite(found.values).all()
    assert found.baseline == "none" or found.baseline in SPACES[over].baselines.values()


@pytest.mark.parametrize(("over", "method", "baseline"), COMPLETE)
def test_complete_maps_sum_to_the_fall_to_the_baseline(
    predictor, prediction, over, method, baseline
):
    found = attribute(predictor, prediction, over, "pneumonia", method=method, baseline=baseline)
    space = space_of(predictor, prediction, over, "pneumonia")
    with torch.no_grad():
        fall = float(space.score(space.given) - space.score(space.baseline(baseline)))
    assert found.explained == pytest.approx(fall, abs=1e-5)
    assert found.delta <= 0.01
    assert total(found) == pytest.approx(fall, rel=0.011, abs=2e-5)


@pytest.mark.parametrize("over", list(SPACES))
def test_the_score_of_a_space_is_the_ledgers_contribution(predictor, prediction, over):
    space = space_of(predictor, prediction, over, "no_finding")
    with torch.no_grad():
        alone = float(space.score(space.given))
    assert alone == pytest.approx(ledger(prediction)[1].contributions[space.modality], abs=1e-5)


def film_of(prediction):
    (film,) = prediction.features.prepared["image"].tensors
    return film.clone()


def whole_net(predictor, prediction):
    """The whole net's calibrated logit of pneumonia as a function of the film."""
    target = prediction.readout.directions(prediction.features.means)[0, 0].float()
    contribution = Contribution(predictor.network, "image", target)
    others = prediction.findings[0].logit - ledger(prediction)[0].contributions["image"]
    return lambda film: contribution(film) + others


@pytest.mark.parametrize(
    ("method", "theirs"),
    [("Saliency", (Saliency, {"abs": False})), ("Input x Gradient", (InputXGradient, {}))],
)
def test_gradients_are_those_of_captum_on_the_whole_net(predictor, prediction, method, theirs):
    kind, how = theirs
    film = film_of(prediction).requires_grad_()
    expected = kind(whole_net(predictor, prediction)).attribute(film, **how)[0, 0]
    found = attribute(predictor, prediction, "pixels", "pneumonia", method=method)
    assert found.values == pytest.approx(expected.detach().numpy(), abs=1e-5)
    assert math.isnan(found.explained) and math.isnan(found.delta)


@pytest.mark.parametrize("over", ["pixels", "words", "bands"])
def test_expected_gradients_are_captums_at_the_same_points(
    predictor, prediction, monkeypatch, over
):
    space = space_of(predictor, prediction, over, "pneumonia")
    baseline = space.baseline(next(iter(space.kind.baselines)))
    found = gradient_shap(space, baseline, Work(predictor))
    way = torch.rand(DRAWS, generator=torch.Generator().manual_seed(0)).double().numpy()
    assert way.min() >= 0 and 0.3 < way.mean() < 0.7
    monkeypatch.setattr(np.random, "uniform", lambda low, high, n: way[:n])
    expected = GradientShap(space.score).attribute(
        space.given.clone(), baselines=baseline, n_samples=DRAWS
    )
    torch.testing.assert_close(found.values, expected.detach(), rtol=1e-4, atol=1e-6)


def test_the_points_of_expected_gradients_do_not_hang_on_the_batch(
    predictor, prediction, monkeypatch
):
    ways = []
    for rows in (1, 5, 64):
        monkeypatch.setattr(Work, "rows", lambda work, row_bytes, rows=rows: rows)
        found = attribute(predictor, prediction, "pixels", "pneumonia", method="GradientShap")
        ways.append(found.values)
    assert ways[0] == pytest.approx(ways[1], abs=1e-6)
    assert ways[0] == pytest.approx(ways[2], abs=1e-6)


@pytest.mark.cuda
def test_expected_gradients_on_cuda_agree_with_the_cpu(tiny_model_dir, predictor, prediction):
    there = Predictor.load(tiny_model_dir, "cuda", threads=1)
    found = [
        attribute(which, seen, "pixels", "pneumonia", method="GradientShap").values.ravel()
        for which, seen in ((predictor, prediction), (there, there.predict(case())))
    ]
    assert np.corrcoef(found)[0, 1] > 0.9999


def test_grad_cam_is_captums_over_the_whole_film(predictor, prediction):
    project = predictor.network.encoders["image"].project
    film = film_of(prediction).requires_grad_()
    cells = LayerGradCam(whole_net(predictor, prediction), project).attribute(film)
    found = attribute(predictor, prediction, "pixels", "pneumonia", method="Grad-CAM")
    assert total(found) == pytest.approx(float(cells.detach().sum()), abs=1e-5)


def test_occlusion_is_captums(predictor, prediction):
    side = TINY.image.size // 8
    space = space_of(predictor, prediction, "pixels", "pneumonia")
    expected = Occlusion(whole_net(predictor, prediction)).attribute(
        space.given,
        (1, side, side),
        strides=(1, side // 2, side // 2),
        baselines=space.baseline("grey"),
    )[0, 0]
    found = attribute(
        predictor, prediction, "pixels", "pneumonia", method="Occlusion", baseline="grey"
    )
    inner = slice(side, -side)  # captum moves its last windows to the edge's inside
    assert found.values[inner, inner] * side**2 == pytest.approx(
        expected[inner, inner].detach().numpy(), abs=1e-4
    )


def test_words_are_captums_layer_integrated_gradients(predictor, prediction):
    target = prediction.readout.directions(prediction.features.means)[0, 1].float()
    contribution = Contribution(predictor.network, "notes", target)
    tokens, lengths = prediction.features.prepared["notes"].tensors
    method = LayerIntegratedGradients(contribution, predictor.network.encoders["notes"].embed)
    expected = method.attribute(
        tokens,
        baselines=torch.full_like(tokens, predictor.config.notes.unknown),
        additional_forward_args=(lengths,),
        n_steps=64,
    )
    found = attribute(
        predictor, prediction, "words", "pneumonia", method="Layer Integrated Gradients"
    )
    assert total(found) == pytest.approx(float(expected.sum()), abs=1e-3)


def test_a_word_occluded_by_hand(predictor, prediction):
    tokens = prediction.features.prepared["notes"].tokens
    space = space_of(predictor, prediction, "words", "pneumonia")
    row = space.given.clone()
    first = [i for i, word in enumerate(tokens.words) if word == tokens.words[0]]
    row[0, first] = space.baseline("unknown")[0, first]
    with torch.no_grad():
        fall = float(space.score(space.given) - space.score(row))
    found = attribute(predictor, prediction, "words", "pneumonia", method="Word occlusion")
    assert found.values[0].share == pytest.approx(fall, abs=1e-5)


def test_all_parts_at_once(predictor, prediction):
    heard = []
    maps = closer_maps(predictor, prediction, "pneumonia", progress=heard.append)
    assert [m.over for m in maps] == ["pixels", "words", "bands"]
    assert max(m.delta for m in maps) <= 0.01
    assert heard == sorted(heard) and heard[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("fusion", list(FUSIONS))
def test_the_cross_checks_agree_with_the_ledger(fusion, tmp_path):
    prediction = Predictor.load(write_model(tmp_path, fusion), "cpu", threads=1).predict(case())
    for entry in ledger(prediction):
        shapley = modality_shapley(prediction, entry.finding)
        assert shapley == pytest.approx(entry.contributions, abs=1e-5)
        features = feature_conductance(prediction, entry.finding)
        assert float(features.sum()) == pytest.approx(entry.logit - entry.base, abs=1e-3)


def test_unknown_names_are_refused_with_the_valid_ones(predictor, prediction):
    with pytest.raises(ConfigError, match=r"No method 'LIME' for words\. Choose DeepLIFT, Layer"):
        attribute(predictor, prediction, "words", "pneumonia", method="LIME")
    with pytest.raises(ConfigError, match=r"No baseline 'black' for pixels\. Choose blur, grey, n"):
        attribute(predictor, prediction, "pixels", "pneumonia", baseline="black")


@pytest.mark.parametrize("over", ["pixels", "samples", "bands"])
def test_a_part_that_is_absent_is_refused(predictor, over):
    from mmbm.case import Case, Notes

    alone = predictor.predict(Case(notes=Notes("fever")))
    with pytest.raises(NoSignal, match="Not in this case"):
        attribute(predictor, alone, over, "pneumonia")


@pytest.mark.parametrize("method", ["Integrated Gradients", "Occlusion", "DeepLIFT"])
def test_a_stopped_explanation_ends(predictor, prediction, method):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled, match="was stopped before it finished"):
        attribute(
            *(predictor, prediction, "pixels", "pneumonia"), method=method, cancelled=stop.is_set
        )
    assert predictor.predict(case()).findings == prediction.findings  # nothing is left behind


def test_batches_are_halved_where_memory_runs_out(predictor):
    tried = []

    def task(rows):
        tried.append(rows)
        if rows > 2:
            raise RuntimeError("CUDA out of memory")
        return rows

    assert Work(predictor).halving(task, 8) == 2 and tried == [8, 4, 2]
    with pytest.raises(RuntimeError, match="another"):
        Work(predictor).halving(lambda rows: (_ for _ in ()).throw(RuntimeError("another")), 8)
    assert free_bytes(torch.device("cpu")) > 0
    assert 1 <= Work(predictor).rows(2**40) <= Work(predictor).rows(1) <= 64


def test_the_weights_can_learn_again_afterwards(predictor, prediction):
    before = [p.requires_grad for p in predictor.network.parameters()]
    attribute(predictor, prediction, "bands", "pneumonia")
    assert [p.requires_grad for p in predictor.network.parameters()] == before
