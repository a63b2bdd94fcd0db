from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch
from captum.attr import ShapleyValues

from mmbm.case import MODALITIES, Case
from mmbm.explain.ledger import ledger
from mmbm.model.readout import FUSIONS, WeightedSum
from mmbm.model.tables import TrustTables
from mmbm.predict import Predictor
from tests.made_cases import case, write_model

SUBSETS = [s for n in (1, 2, 3) for s in itertools.combinations(MODALITIES, n)]


@pytest.fixture(scope="module")
def predictor(tiny_model_dir):
    return Predictor.load(tiny_model_dir, "cpu", threads=1)


@pytest.fixture(scope="module", params=list(FUSIONS))
def any_predictor(request, tmp_path_factory):
    folder = write_model(tmp_path_factory.mktemp(request.param), request.param)
    return Predictor.load(folder, "cpu", threads=1)


def with_only(subset):
    whole = case()
    return Case(**{m: getattr(whole, m) for m in subset})


@pytest.mark.parametrize("subset", SUBSETS, ids="+".join)
def test_the_account_adds_up_for_every_subset(any_predictor, subset):
    for entry in ledger(any_predictor.predict(with_only(subset))):
        assert entry.residual <= 1e-5
        for modality in MODALITIES:
            if modality not in subset:
                assert entry.contributions[modality] == 0.0
                assert str(entry.contributions[modality]) == "0.0"
            else:
                assert entry.contributions[modality] != 0.0


def calibrated(network, features):
    """The net's calibrated logits, (batch, 3, d) -> (batch, findings), from its own modules."""
    columns = []
    for scale, row in zip(network.calibration_scale, network.head.weight, strict=True):
        if isinstance(network.fusion, WeightedSum):
            columns.append(network.fusion(features * scale[:, None]) @ row)
        else:  # one scale for all
            columns.append(scale[0] * network.fusion(features) @ row)
    return torch.stack(columns, 1) + network.head.bias + network.calibration_shift


def test_contributions_are_the_shapley_values(any_predictor):
    """Captum's exact Shapley values over the three modalities of the net itself."""
    prediction = any_predictor.predict(case())
    means = prediction.features.means[None]
    network = any_predictor.network

    def logits(image, notes, audio):
        return calibrated(network, torch.stack([image, notes, audio], 1))

    parts = tuple(means[:, i] for i in range(3))
    masks = tuple(torch.full((1, means.shape[2]), i) for i in range(3))
    for c, entry in enumerate(ledger(prediction)):
        shapley = ShapleyValues(logits).attribute(parts, target=c, feature_mask=masks)
        for modality, value in zip(MODALITIES, shapley, strict=True):
            assert entry.contributions[modality] == pytest.approx(float(value[0, 0]), abs=1e-5)


def test_slopes_are_the_derivatives_by_the_fusion_weights(predictor):
    prediction = predictor.predict(case())
    weights = predictor.network.fusion.weights.detach().clone().requires_grad_()
    scaled = predictor.network.calibration_scale[..., None] * prediction.features.means.clone()
    fused = torch.einsum("m,cmd->cd", weights, scaled)
    logits = (fused * predictor.network.head.weight).sum(1)
    for c, entry in enumerate(ledger(prediction)):
        (gradient,) = torch.autograd.grad(logits[c], weights, retain_graph=True)
        for i, modality in enumerate(MODALITIES):
            assert entry.slopes[modality] == pytest.approx(float(gradient[i]), abs=1e-5)


def test_probability_is_the_sigmoid_of_the_logit(predictor):
    for entry in ledger(predictor.predict(case())):
        sigmoid = float(torch.sigmoid(torch.tensor(entry.logit, dtype=torch.float64)))
        assert entry.probability == pytest.approx(sigmoid, abs=1e-12)


def test_rescaling_weight_against_feature_changes_no_contribution(predictor):
    """F does not change under w_i -> a w_i, f_i -> f_i / a; neither may the account."""
    from mmbm.model.readout import Readout

    prediction = predictor.predict(case())
    scale = torch.tensor([2.0, 0.5, 3.0], dtype=torch.float64)
    other = Readout(
        prediction.readout.weights * scale,
        prediction.readout.head,
        prediction.readout.bias,
        prediction.readout.scale,
    )
    features = prediction.features.means.double()
    before = prediction.readout.contributions(features)
    after = other.contributions(features / scale[:, None])
    assert torch.allclose(before, after, atol=1e-12)


@pytest.mark.parametrize("fusion", ["gated", "concat"])
def test_the_interaction_is_what_no_part_did_alone(fusion, tmp_path):
    predictor = Predictor.load(write_model(tmp_path, fusion), "cpu", threads=1)
    alone = {m: ledger(predictor.predict(with_only((m,)))) for m in MODALITIES}
    for c, entry in enumerate(ledger(predictor.predict(case()))):
        expected = entry.logit - entry.base - sum(a[c].logit - a[c].base for a in alone.values())
        assert entry.interaction == pytest.approx(expected, abs=1e-4)
        assert abs(entry.interaction) > 1e-3


def test_gates_are_of_the_case_and_concat_has_none(tmp_path):
    gated = Predictor.load(write_model(tmp_path / "gated", "gated"), "cpu", threads=1)
    one, other = gated.predict(case()).fusion_weights, gated.predict(case(3)).fusion_weights
    assert one != other and sum(one.values()) == pytest.approx(1.0)
    notes = gated.predict(with_only(("notes",)))
    assert notes.fusion_weights == {"image": 0.0, "notes": 1.0, "audio": 0.0}
    assert ledger(notes)[0].slopes["notes"] == pytest.approx(
        ledger(notes)[0].contributions["notes"]
    )
    concat = Predictor.load(write_model(tmp_path / "concat", "concat"), "cpu", threads=1)
    entry = ledger(concat.predict(case()))[0]
    assert concat.predict(case()).fusion_weights == entry.slopes == {}


def test_without_tables_there_is_no_interval(predictor):
    for entry in ledger(replace(predictor.predict(case()), trust=None)):
        assert entry.intervals == {} and entry.percentiles == {}


def test_intervals_and_percentiles_are_read_off_the_tables(predictor):
    whole = predictor.predict(case())
    findings, d = len(whole.findings), whole.features.means.shape[1]
    evidence = whole.readout.contributions(whole.features.means)
    population = (evidence[..., None] + torch.linspace(-1, 1, 101)).float()  # each is the median
    tables = TrustTables(
        MODALITIES, (), {}, torch.zeros(3, 101), torch.zeros(3, 7, 1, findings, 2),
        torch.zeros(findings, 3, 2), population, 0.01 * torch.eye(d).expand(findings, d, d),
    )  # fmt: skip
    kept = TrustTables.from_bytes(tables.to_bytes(), predictor.config, "it")
    for entry in ledger(replace(whole, trust=kept)):
        for i, modality in enumerate(MODALITIES):
            c = [f.name for f in whole.findings].index(entry.finding)
            heard = whole.readout.weights[i] * whole.readout.scale[c, i]
            reach = 1.96 * 0.1 * float(heard * whole.features.means[i].double().norm())
            low, high = entry.intervals[modality]
            assert (low + high) / 2 == pytest.approx(entry.contributions[modality], abs=1e-9)
            assert high - low == pytest.approx(2 * reach, rel=1e-4)
            assert entry.percentiles[modality] == pytest.approx(50, abs=0.5)
