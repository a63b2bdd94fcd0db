from __future__ import annotations

import numpy as np
import pytest
import torch

from mmbm.case import Case, Notes
from mmbm.errors import NoSignal
from mmbm.explain.attribution import Contribution, attribute
from mmbm.explain.ledger import ledger
from mmbm.predict import Predictor
from tests.made_cases import TINY, case


@pytest.fixture(scope="module")
def predictor(tiny_model_dir):
    return Predictor.load(tiny_model_dir, "cpu", threads=1)


@pytest.fixture(scope="module")
def prediction(predictor):
    return predictor.predict(case())


BASELINES = {"pixels": "grey", "words": "blank", "samples": "noise"}


def integrated(predictor, prediction, over, finding, **more):
    name = "Layer Integrated Gradients" if over == "words" else "Integrated Gradients"
    given = {"method": name, "baseline": BASELINES[over], **more}
    return attribute(predictor, prediction, over, finding, **given)


def test_pixels_sum_to_what_they_explain(predictor, prediction):
    heard = []
    found = integrated(predictor, prediction, "pixels", "pneumonia", progress=heard.append)
    assert found.values.shape == (TINY.image.size, TINY.image.size)
    gap = abs(float(found.values.sum()) - found.explained)
    assert gap == pytest.approx(found.delta * max(abs(found.explained), 1e-3), abs=1e-4)
    assert heard[-1] == 1.0 and heard == sorted(heard)


def test_words_sum_to_what_they_explain(predictor, prediction):
    found = integrated(predictor, prediction, "words", "pneumonia")
    assert found.delta <= 0.01
    assert sum(w.share for w in found.values) == pytest.approx(found.explained, rel=0.02, abs=1e-5)


def test_samples_are_as_many_as_the_recording_has(predictor, prediction):
    found = integrated(predictor, prediction, "samples", "pneumonia")
    assert found.values.shape == case().audio.waveform.shape
    assert np.isfinite(found.values).all()


def test_one_encoder_alone_gives_the_ledgers_contribution(predictor, prediction):
    """What is attributed is the contribution in the ledger, not something near it."""
    entry = ledger(prediction)[0]
    target = prediction.readout.directions(prediction.features.means)[0, 0].float()
    alone = Contribution(predictor.network, "image", target)
    (film,) = prediction.features.prepared["image"].tensors
    with torch.no_grad():
        assert float(alone(film.clone())) == pytest.approx(entry.contributions["image"], abs=1e-5)


@pytest.mark.parametrize("over", ["pixels", "samples"])
def test_an_absent_modality_is_refused(predictor, over):
    alone = predictor.predict(Case(notes=Notes("fever")))
    with pytest.raises(NoSignal, match="Not in this case"):
        integrated(predictor, alone, over, "pneumonia")
