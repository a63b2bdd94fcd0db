"""What benchmarks/planted.py plants lies where it says, and its readings count what they say."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmbm.branches.image.lungs import SIDE, Lungs
from mmbm.branches.notes.evidence import WordShare
from mmbm.case import SAMPLE_RATE, Notes, Picture, Sound

FOLDER = str(Path(__file__).parents[1] / "benchmarks")


@pytest.fixture(scope="module")
def load():
    """A module of benchmarks/ by name, with the ones that it reads; none stays behind."""
    before = set(sys.modules)
    sys.path.insert(0, FOLDER)
    try:
        yield importlib.import_module
    finally:
        sys.path.remove(FOLDER)
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(FOLDER):
                del sys.modules[name]


def chest():
    """A grey film with two dark lungs, and where they lie."""
    mask = np.zeros((SIDE, SIDE), bool)
    mask[30:100, 20:55] = mask[30:100, 75:110] = True
    shown = np.full((256, 256), 0.7, np.float32)
    shown[mask.repeat(2, 0).repeat(2, 1)] = 0.2
    return Picture(shown, shown), Lungs(mask)


def test_a_consolidation_brightens_one_lung_and_nothing_else(load):
    picture, lungs = chest()
    for seed in range(5):
        rng = np.random.default_rng(seed)
        altered, lifted = load("plants").consolidate(picture, lungs, rng)
        core = lifted >= 0.5
        columns = np.flatnonzero(core.any(0))
        inside = lungs.mask.repeat(2, 0).repeat(2, 1)
        assert inside[core].all()
        assert (columns < 128).all() or (columns >= 128).all()
        assert (altered.shown[core] > picture.shown[core] + 0.1).all()
        assert np.array_equal(altered.shown[lifted == 0], picture.shown[lifted == 0])
        assert 0.1 < core.sum() / (inside.sum() / 2) < 0.5


@pytest.mark.parametrize("text", ["Seen today. Lives alone.", "患者，男。门诊就诊。"])
def test_a_sign_stands_where_the_span_says(load, text):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        notes, span, _ = load("plants").say(Notes(text), rng, child=False)
        assert notes.text[: span.start] + notes.text[span.end :] == text
        planted = notes.text[span.start : span.end].strip(" .。")
        assert planted.startswith(("There is ", "现有"))


def test_a_sign_that_the_note_tells_or_denies_is_not_planted(load):
    plants, told = load("plants"), "Afebrile. No creps, no dullness to percussion, no egophony. "
    signs = {plants.say(Notes(told), np.random.default_rng(s), child=False)[2] for s in range(20)}
    assert signs == {"bronchial_breathing"}
    whole = Notes(told + "No bronchial breathing.")
    assert plants.say(whole, np.random.default_rng(0), child=False) is None


@pytest.mark.parametrize("how", ["fold_in", "splice"])
def test_a_recording_changes_within_the_span_alone(load, how):
    plants, rng = load("plants"), np.random.default_rng(0)
    noise = 0.1 * rng.standard_normal((2, 8 * SAMPLE_RATE)).astype(np.float32)
    sound, other = Sound(noise[0]), Sound(noise[1])
    more = () if how == "fold_in" else (other,)
    altered, span = getattr(plants, how)(sound, *more, rng)
    changed = np.flatnonzero(~np.isclose(altered.waveform, sound.waveform, atol=1e-6))
    assert span.start * SAMPLE_RATE - 1 <= changed[0] < changed[-1]
    assert changed[-1] <= (span.end + 0.05) * SAMPLE_RATE  # a crackle at the end rings out
    assert len(changed) > 0.2 * SAMPLE_RATE


def test_the_top_is_looked_for_in_the_planted_place(load):
    maps, plants = load("planted_maps"), load("plants")
    where = np.zeros((4, 4), bool)
    where[1, 2] = True
    found = np.zeros((4, 4))
    found[1, 2], found[3, 0] = 1.0, -5.0
    assert maps.hit(found, where) and not maps.hit(-found, where)
    assert maps.chance(found, where) == 1 / 16
    text = "no fever, has creps"
    words = tuple(
        WordShare(s, e, share)
        for s, e, share in ((0, 2, -3.0), (3, 8, 2.0), (10, 13, 0.2), (14, 19, 1.0))
    )
    span = plants.Span(10, 19)
    assert not maps.hit(words, span)  # "fever", though it is denied
    clauses = maps.broad(words, text)
    assert [c.share for c in clauses] == [-1.0, 1.2] and maps.hit(clauses, span)
    assert maps.chance(words, span) == 0.5


def test_broad_adds_up_neighbours(load):
    found = np.zeros((4, 5))
    found[0, 0], found[2, 2] = 1.0, 2.0
    wide = load("planted_maps").broad(found, "")
    expected = np.array([[1, 1, 0, 0, 0], [1, 3, 2, 2, 0], [0, 2, 2, 2, 0], [0, 2, 2, 2, 0]])
    assert np.array_equal(wide, expected)


def test_the_difference_finds_each_word_where_it_moved_to(load):
    before = (WordShare(0, 3, 1.0), WordShare(4, 7, 2.0))
    after = (WordShare(0, 3, 1.5), WordShare(4, 9, 0.4), WordShare(10, 13, 2.5))
    gained = load("planted_maps").less(after, before, load("plants").Span(4, 10))
    assert [word.share for word in gained] == [0.5, 0.4, 0.5]


def test_wilson_against_a_worked_example(load):
    interval = load("planted_evidence").interval
    assert interval(81, 263) == (0.255, 0.366)  # Newcombe, Stat Med 1998, table I
    assert interval(0, 0) == (0.0, 1.0)


def test_only_the_cause_keeps_its_cases(load):
    features = torch.arange(60.0).reshape(10, 3, 2)
    moved = load("planted_cause").repaired(features, 1, torch.Generator().manual_seed(0))
    assert torch.equal(moved[:, 1], features[:, 1])
    for part in (0, 2):
        assert not torch.equal(moved[:, part], features[:, part])
        assert torch.equal(moved[:, part].sort(0).values, features[:, part])
