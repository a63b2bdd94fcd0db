"""The account against Captum: by hand for a toy, for every fusion, and where it is wrong."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from mmbm.case import MODALITIES
from mmbm.data.manifest import read_manifest
from mmbm.evaluate.agreement import CASES, agreement, drawn_cases
from mmbm.evaluate.cases import cases_sha256
from mmbm.evaluate.scores import Scores
from mmbm.explain.attribution import shapley_values
from mmbm.model import checkpoint
from mmbm.model.readout import FUSIONS, CoalitionReadout, Readout
from mmbm.record import read_record
from tests.made_cases import TINY, write_manifest, write_model

TOY = Readout(
    weights=torch.tensor([0.5, 0.3, 0.2]).double(),
    head=torch.tensor([[1.0, -2.0], [0.0, 4.0]]).double(),
    bias=torch.tensor([0.1, -0.7]).double(),
    scale=torch.tensor([[1.0, 2.0, 1.0], [1.0, 1.0, 3.0]]).double(),
)
TOY_FEATURES = torch.tensor([[[2.0, 1.0], [1.0, 1.0], [3.0, -1.0]]])
BY_HAND = [[0.0, -0.6, 1.0], [2.0, 1.2, -2.4]]  # scale x weight x (head . f), finding by modality


@dataclass(frozen=True, slots=True)
class Astray(Readout):
    """A weighted sum whose account gives the note what is the film's."""

    def contributions(self, features):
        return super(Astray, self).contributions(features)[..., [1, 0, 2]]


@dataclass(frozen=True, slots=True)
class Short(CoalitionReadout):
    """Another fusion whose account stops short of the logit."""

    def contributions(self, features):
        return 0.99 * super(Short, self).contributions(features)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Forty cases, every fifth without a recording, ten of them assembled."""
    made = read_manifest(write_manifest(tmp_path_factory.mktemp("cases"), 40))
    made.rows["assembled"] = ["notes+audio" if i < 10 else "" for i in range(40)]
    return made


@pytest.fixture(scope="module")
def scores(manifest):
    """Made-up features of the manifest's cases."""
    audio = torch.tensor((manifest.rows["audio"] != "").tolist())
    present = torch.stack([torch.ones(40, dtype=torch.bool)] * 2 + [audio], 1)
    features = torch.randn(40, 3, TINY.features, generator=torch.Generator().manual_seed(0))
    return Scores(features * present[..., None], present, np.zeros((40, 0)))


def by_orders(readout, features):
    """Shapley values from their definition: the mean gain of a modality over all orders."""
    values = np.zeros((len(features), len(readout.base()), features.shape[1]))
    for order in itertools.permutations(range(features.shape[1])):
        heard, before = torch.zeros_like(features), readout.base().numpy()
        for modality in order:
            heard[:, modality] = features[:, modality]
            after = readout.logits(heard).numpy()
            values[..., modality] += after - before
            before = after
    return values / math.factorial(features.shape[1])


def test_captums_values_of_a_toy_are_those_by_hand():
    assert TOY.logits(TOY_FEATURES)[0].tolist() == pytest.approx([0.5, 0.1])
    assert shapley_values(TOY, TOY_FEATURES)[0].numpy() == pytest.approx(np.array(BY_HAND))


@pytest.mark.parametrize("fusion", list(FUSIONS))
def test_captums_values_are_those_of_the_definition(fusion, scores, tmp_path):
    readout = checkpoint.read(write_model(tmp_path, fusion)).network.readout()
    features = scores.features.double()
    expected = by_orders(readout, features)
    assert shapley_values(readout, features).numpy() == pytest.approx(expected, abs=1e-5)
    assert readout.contributions(features).numpy() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("fusion", list(FUSIONS))
def test_every_fusions_account_agrees(fusion, manifest, scores, tmp_path):
    readout = checkpoint.read(write_model(tmp_path, fusion)).network.readout()
    found = agreement(readout, manifest, scores, MODALITIES)
    assert found.difference <= 1e-5 and found.residual <= 1e-12
    assert (found.n, found.assembled, found.findings) == (40, 10, len(TINY.findings))
    assert 8 < found.absent < 40
    assert found.cases_sha256 == cases_sha256(manifest)
    assert found == agreement(readout, manifest, scores, MODALITIES)


def test_a_wrong_account_is_found_though_its_sum_is_right(manifest, scores):
    features = torch.zeros(40, 3, 2)
    features[:] = TOY_FEATURES[0]
    whole = Scores(features, torch.ones(40, 3, dtype=torch.bool), scores.sounds)
    astray = Astray(TOY.weights, TOY.head, TOY.bias, TOY.scale)
    found = agreement(astray, manifest, whole, MODALITIES)
    assert found.residual <= 1e-12
    assert found.difference == pytest.approx(2.0, abs=1e-6)  # where the note is excluded


def test_an_account_that_falls_short_is_found(manifest, scores, tmp_path):
    whole = checkpoint.read(write_model(tmp_path, "concat")).network.readout()
    short = Short(whole.fusion, whole.head, whole.bias, whole.modalities)
    cases, heard = drawn_cases(scores.present)
    features = scores.features[cases].double() * heard[..., None]
    found = agreement(short, manifest, scores, MODALITIES)
    missing = (whole.logits(features) - whole.base()).abs().max() / 100
    assert found.residual == pytest.approx(float(missing), abs=1e-12)
    most = np.abs(by_orders(whole, features)).max() / 100
    assert found.difference == pytest.approx(most, abs=1e-5)


def test_the_cases_are_few_and_no_case_is_emptied():
    present = torch.rand(1000, 3, generator=torch.Generator().manual_seed(1)) < 0.6
    present[:, 0] |= ~present.any(1)
    cases, heard = drawn_cases(present)
    assert len(cases) == CASES and (np.diff(cases) > 0).all()
    assert not (heard & ~present[cases]).any() and heard.any(1).all()
    as_given = (heard == present[cases]).all(1)
    assert as_given[::2].all() and (~as_given).sum() > CASES / 5


def test_what_cannot_be_measured_is_none(manifest, scores):
    nothing = Scores(scores.features[:0], scores.present[:0], scores.sounds[:0])
    assert agreement(TOY, manifest, nothing, MODALITIES) is None
    assert agreement(TOY, manifest, scores, [f"m{i}" for i in range(7)]) is None


def test_a_run_puts_it_into_the_record(tiny_model_dir):
    found = read_record(tiny_model_dir).agreement
    assert found.n == 16 and found.assembled == 0 and found.absent > 3
    assert found.difference <= 1e-5 and found.residual <= 1e-12
