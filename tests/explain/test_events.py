"""Each kind of lung sound has a map that sums to its logit, in seconds of the file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmbm.case import Case, Notes
from mmbm.config import POOR_QUALITY
from mmbm.explain.events import EventMap, event_maps
from mmbm.predict import POOR, Predictor
from tests.made_cases import case


@pytest.fixture
def predictor(tiny_model_dir):
    return Predictor.load(tiny_model_dir, "cpu", threads=1)


def test_a_map_sums_to_what_the_recording_adds_to_the_logit(predictor):
    prediction = predictor.predict(Case(audio=case().audio))
    bias = predictor.network.sound_head.bias.tolist()
    maps = event_maps(predictor, prediction)
    assert [m.name for m in maps] == list(predictor.config.sound_events)
    for m, b, heard in zip(maps, bias, prediction.sound_events, strict=True):
        logit = float(np.log(heard.probability / (1 - heard.probability)))
        assert m.audio.sum() == pytest.approx(logit - b, abs=1e-4)


def test_seconds_are_those_of_the_file(predictor):
    sound = case().audio
    late = replace(sound, start=4.0)
    one, other = (event_maps(predictor, predictor.predict(Case(audio=s)))[0] for s in (sound, late))
    assert one.strongest + 4.0 == other.strongest
    assert EventMap("x", np.array([[0.0, 1.0], [0.0, 2.0]]), 1.0, 4.0).strongest == 4.0


def test_without_a_recording_there_is_no_map(predictor):
    assert event_maps(predictor, predictor.predict(Case(notes=Notes("fever")))) == ()


@pytest.mark.parametrize(("logit", "warned"), [(5.0, True), (-5.0, False)])
def test_poor_quality_is_a_warning_and_no_event(predictor, logit, warned):
    events = (*predictor.config.sound_events[:-1], POOR_QUALITY)
    predictor.config = predictor.config.model_copy(update={"sound_events": events})
    with torch.no_grad():
        predictor.network.sound_head.weight[-1] = 0
        predictor.network.sound_head.bias[-1] = logit
    prediction = predictor.predict(Case(audio=case().audio))
    assert [e.name for e in prediction.sound_events] == list(events[:-1])
    assert (POOR in prediction.warnings) == warned
