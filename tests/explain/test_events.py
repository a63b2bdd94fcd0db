"""Each kind of lung sound has a map that sums to its logit, in seconds of the file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmbm.branches.audio.config import POOR_QUALITY
from mmbm.branches.audio.prepare import SoundEvidence
from mmbm.case import Case, Notes
from mmbm.explain.events import event_maps
from mmbm.predict import Predictor
from mmbm.text import sentence
from tests.made_cases import case


@pytest.fixture
def predictor(tiny_model_dir):
    return Predictor.load(tiny_model_dir, "cpu", threads=1)


def test_a_map_sums_to_what_the_recording_adds_to_the_logit(predictor):
    prediction = predictor.predict(Case(audio=case().audio))
    bias = predictor.network.event_heads["audio"].bias.tolist()
    maps = event_maps(predictor, prediction)
    assert [m.name for m in maps] == list(predictor.config.audio.events)
    assert {m.modality for m in maps} == {"audio"}
    for m, b, heard in zip(maps, bias, prediction.events["audio"], strict=True):
        logit = float(np.log(heard.probability / (1 - heard.probability)))
        assert m.evidence.values.sum() == pytest.approx(logit - b, abs=1e-4)


def test_seconds_are_those_of_the_file(predictor):
    sound = case().audio
    late = replace(sound, start=4.0)
    one, other = (event_maps(predictor, predictor.predict(Case(audio=s)))[0] for s in (sound, late))
    assert one.evidence.strongest + 4.0 == other.evidence.strongest
    by_hand = SoundEvidence(np.array([[0.0, 1.0], [0.0, 2.0]]), seconds=4.0, start=1.0)
    assert by_hand.strongest == 4.0


def test_without_a_recording_there_is_no_map(predictor):
    assert event_maps(predictor, predictor.predict(Case(notes=Notes("fever")))) == ()


@pytest.mark.parametrize(("logit", "warned"), [(5.0, True), (-5.0, False)])
def test_poor_quality_is_a_warning_and_no_event(predictor, logit, warned):
    events = (*predictor.config.audio.events[:-1], POOR_QUALITY)
    audio = predictor.config.audio.model_copy(update={"events": events})
    predictor.config = predictor.config.model_copy(update={"audio": audio})
    with torch.no_grad():
        predictor.network.event_heads["audio"].weight[-1] = 0
        predictor.network.event_heads["audio"].bias[-1] = logit
    prediction = predictor.predict(Case(audio=case().audio))
    assert [e.name for e in prediction.events["audio"]] == list(events[:-1])
    assert (sentence("sound.poor_quality") in prediction.warnings) == warned
