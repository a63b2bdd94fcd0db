"""The shipped model's films: learned from radiologists' readings, read from stored values."""

from __future__ import annotations

import numpy as np
import pytest

from mmbm.branches.image.condition import extent
from mmbm.card import read_card
from mmbm.case import Case, Picture
from mmbm.data.synthesis.generate import SAMPLES
from mmbm.data.synthesis.phantom import FIELD_CM
from mmbm.evaluate.golden import sample_cases
from mmbm.explain.maps import finer_maps
from mmbm.predict import Predictor
from mmbm.trust.judge import judge
from tests.made_cases import picture


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load("default", device="cpu")


def test_it_reads_whole_films_from_their_stored_values(predictor):
    image = predictor.config.image
    assert image.greys == "stored" and not image.lungs and not image.cycles


def test_its_record_is_whole_and_names_its_sources(predictor):
    card = read_card(predictor.folder)
    assert card.faults == () and card.evaluation is not None
    assert {"siim", "nih", "kermany"} <= card.evaluation.by_source.keys()
    assert "non-commercial" in card.markdown and "pneumothorax" in card.markdown


@pytest.mark.parametrize("grey", [0.0, 1.0])
def test_borders_and_windows_do_not_move_its_answer(predictor, grey):
    def probability(seen: Picture) -> float:
        return predictor.predict(Case(image=seen)).findings[0].probability

    bare = picture(size=200).shown
    grain = np.random.default_rng(0).normal(0, 0.03, bare.shape)
    bare = (0.1 + 0.8 * bare + grain).clip(0, 1).astype(np.float32)
    plain = probability(Picture(bare, bare))
    bordered = np.pad(bare, 50, constant_values=grey)
    assert extent(bordered) == (50, 250, 50, 250)
    assert probability(Picture(bordered, bordered)) == pytest.approx(plain, abs=0.03)
    narrow = ((bare - 0.3) / 0.4).clip(0, 1)
    assert probability(Picture(4000 * bare, narrow)) == pytest.approx(plain, abs=1e-4)


@pytest.mark.parametrize("sample", SAMPLES, ids=[s.name for s in SAMPLES])
def test_it_gets_the_samples_right_for_the_right_reason(predictor, sample):
    """What it says fits what was drawn, it points at the opacity, and nothing is strange to it."""
    case = Case(image=sample_cases()[sample.name].image)
    prediction = predictor.predict(case)
    judgement = judge(case, prediction, predictor.config)
    assert prediction.warnings == () and judgement.flagged == ()
    pneumonia, no_finding = (f.probability for f in prediction.findings[:2])
    if not sample.build.patches:
        assert pneumonia < 0.3 and no_finding > 0.5
        return
    assert pneumonia > 0.7 and no_finding < 0.2
    evidence = finer_maps(predictor, prediction)[0].values("image")
    down, across = np.unravel_index(evidence.argmax(), evidence.shape)
    x, y = (
        (i + 0.5) / n * FIELD_CM for i, n in zip((across, down), evidence.shape[::-1], strict=True)
    )
    assert any(
        np.hypot((x - FIELD_CM / 2 - p.x) / p.radius_x, (y - p.y) / p.radius_y) < 1
        for p in sample.build.patches
    )
