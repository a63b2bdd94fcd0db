from __future__ import annotations

import itertools
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from mmbm.branches.audio.edits import cut
from mmbm.branches.image import edits
from mmbm.branches.image.edits import erase, keep
from mmbm.branches.notes.edits import drop_words
from mmbm.branches.parts import Box, Span
from mmbm.case import MODALITIES, Case, Notes
from mmbm.errors import Cancelled, ConfigError, NoSignal
from mmbm.explain import flips
from mmbm.explain.attribution import attribute
from mmbm.explain.attribution.work import Work
from mmbm.explain.flips import flip
from mmbm.explain.maps import last_layer
from mmbm.explain.pieces import pieces
from mmbm.explain.whatif import changes, exchanged, muted, reweighed, worth
from mmbm.model.readout import FUSIONS
from mmbm.predict import Predictor
from tests.made_cases import case, picture, sound, with_parts, write_model

REGION = Box(0.2, 0.6, 0.1, 0.5)


@pytest.fixture(scope="module", params=list(FUSIONS))
def any_predictor(request, tmp_path_factory):
    folder = write_model(tmp_path_factory.mktemp(request.param), request.param)
    return Predictor.load(folder, "cpu", threads=1)


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    folder = write_model(tmp_path_factory.mktemp("weighted"), "weighted_sum")
    return Predictor.load(folder, "cpu", threads=1)


def logits(prediction):
    return [finding.logit for finding in prediction.findings]


def same(found, fresh):
    """Every number of a what-if is the one that a whole new prediction gives."""
    assert logits(found) == logits(fresh)
    assert found.present == fresh.present
    assert found.events == fresh.events
    for change in changes(fresh, found):
        assert change.logit == change.probability == 0.0
        assert change.before.contributions == change.after.contributions
        assert change.residual <= 1e-5
    one, other = (last_layer(p, p.findings[0].name) for p in (found, fresh))
    assert one.parts.keys() == other.parts.keys() == {*fresh.present}
    for modality in one.parts:
        mine, theirs = one.values(modality), other.values(modality)
        assert np.array_equal(mine, theirs) if modality != "notes" else [*mine] == [*theirs]
    if "audio" in one.parts:
        mine, theirs = one.parts["audio"], other.parts["audio"]
        assert (mine.seconds, mine.start) == (theirs.seconds, theirs.start)


@pytest.mark.parametrize("gone", [("image",), ("notes",), ("audio",), ("image", "audio")])
def test_muting_is_as_if_the_part_had_not_been_given(any_predictor, gone):
    whole = any_predictor.predict(case())
    rest = Case(**{m: getattr(case(), m) for m in MODALITIES if m not in gone})
    same(muted(whole, *gone), any_predictor.predict(rest))


def test_with_everything_muted_the_base_is_left(predictor):
    whole = predictor.predict(case())
    assert logits(muted(whole, *MODALITIES)) == predictor.network.readout().base().tolist()


@pytest.mark.parametrize(
    "changed",
    [
        Case(image=erase(picture(), REGION)),
        Case(image=keep(picture(), REGION)),
        Case(notes=Notes("Denies cough. Fever for two days.")),
        Case(notes=Notes("")),
        Case(audio=cut(sound(), Span(0.5, 1.2))),
        Case(image=picture(4), audio=sound(4)),
    ],
    ids=["erase", "keep", "note", "no words", "cut", "two parts"],
)
def test_an_exchanged_part_gives_what_a_new_prediction_gives(any_predictor, changed):
    whole = any_predictor.predict(case())
    other = Case(**{m: getattr(changed, m) or getattr(case(), m) for m in MODALITIES})
    found = exchanged(any_predictor, whole, changed)
    same(found, any_predictor.predict(other))
    assert logits(found) != logits(whole)


def test_questions_follow_one_another(predictor):
    shorter = Case(audio=cut(sound(), Span(0.5, 1.2)))
    found = muted(exchanged(predictor, predictor.predict(case()), shorter), "notes")
    same(found, predictor.predict(Case(image=picture(), audio=shorter.audio)))
    again = exchanged(predictor, found, Case(notes=case().notes))
    same(again, predictor.predict(with_parts(case(), audio=shorter.audio)))


def test_a_moved_weight_gives_what_a_net_with_that_weight_gives(predictor, tmp_path):
    whole = predictor.predict(case())
    old = torch.tensor(list(whole.fusion_weights.values()))
    found = reweighed(whole, "notes", 0.7)
    new = torch.tensor(list(found.fusion_weights.values()))
    assert float(new.sum()) == pytest.approx(1.0) and float(new[1]) == pytest.approx(0.7)
    assert float(new[0] / new[2]) == pytest.approx(float(old[0] / old[2]))
    other = Predictor.load(write_model(tmp_path, "weighted_sum"), "cpu", threads=1)
    other.network.fusion.scores.data = new.log().float()
    other._readout = other.network.readout()
    assert logits(found) == pytest.approx(logits(other.predict(case())), abs=1e-6)
    for change in changes(whole, found):
        moved = change.before.slopes
        expected = sum((new - old)[i] * moved[m] for i, m in enumerate(MODALITIES))
        assert change.logit == pytest.approx(float(expected), abs=1e-6)


def test_weights_that_cannot_be_moved_are_refused(any_predictor):
    whole = any_predictor.predict(case())
    if any_predictor.config.fusion == "weighted_sum":
        with pytest.raises(ConfigError, match=r"lies between 0 and 1; 1\.5 was given"):
            reweighed(whole, "image", 1.5)
    else:
        with pytest.raises(ConfigError, match="has no fusion weights to change"):
            reweighed(whole, "image", 0.5)


def test_another_models_prediction_cannot_be_joined_but_compared(predictor, tmp_path):
    path = write_model(tmp_path, "gated")
    other = Predictor.load(path, "cpu", threads=1)
    whole = predictor.predict(case())
    with pytest.raises(ConfigError, match="comes from another model"):
        exchanged(other, whole, Case(image=picture()))
    fresh = other.predict(case())
    for change in changes(whole, fresh):
        assert change.after.logit in logits(fresh) and change.before.logit in logits(whole)
    renamed = replace(fresh, findings=tuple(replace(f, name="x") for f in fresh.findings))
    with pytest.raises(ConfigError, match="no finding in common"):
        changes(whole, renamed)


def test_the_worth_of_a_missing_part_is_a_mean_over_its_population(tiny_model_dir):
    model = Predictor.load(tiny_model_dir, "cpu", threads=1)
    given = model.predict(Case(notes=case().notes))
    rng = np.random.default_rng(0)
    drawn = rng.normal(0.5, 2.0, (100_000, len(given.findings)))
    percentiles = np.percentile(drawn, np.arange(101), axis=0).T  # (findings, 101)
    population = torch.full((len(given.findings), 3, 101), torch.nan)
    population[:, 0] = torch.from_numpy(percentiles)
    known = replace(given, trust=replace(given.trust, population=population))
    found = worth(known, "image")
    for c, finding in enumerate(given.findings):
        added = 1 / (1 + np.exp(-finding.logit - drawn[:, c]))
        assert found[c].finding == finding.name
        assert found[c].logit == pytest.approx(np.abs(drawn[:, c]).mean(), rel=0.03)
        moved = np.abs(added - finding.probability).mean()
        assert found[c].probability == pytest.approx(moved, rel=0.03)
        assert (found[c].low, found[c].high) == pytest.approx(
            np.percentile(added, (5, 95)), abs=1e-4
        )
    assert worth(known, "audio") is None
    assert worth(replace(given, trust=None), "image") is None
    with pytest.raises(ConfigError, match="Already given: Notes"):
        worth(known, "notes")


def without(whole, modality, removed):
    """The whole case with these pieces taken out, made anew."""
    if modality == "notes":
        return with_parts(whole, notes=drop_words(whole.notes, *removed))
    if modality == "audio":
        return with_parts(whole, audio=cut(whole.audio, *removed))
    return with_parts(whole, image=erase(whole.image, *removed))


def score(predictor, whole, finding):
    """A finding's probability in a whole case, scored anew."""
    return next(f.probability for f in predictor.predict(whole).findings if f.name == finding)


def within_reach(predictor, whole, modality, finding):
    """A probability that is crossed when the third of a part goes that raises the finding most."""
    held = pieces(predictor, predictor.predict(whole), whole, modality, finding)
    order = sorted(held, key=lambda piece: piece.share, reverse=True)[: len(held) // 3]
    gone = without(whole, modality, [piece.place for piece in order])
    before, after = (score(predictor, c, finding) for c in (whole, gone))
    return before + 0.7 * (after - before)


@pytest.mark.slow
def test_every_flip_is_real_and_minimal(predictor):
    """Scored anew as whole cases: it flips without the set, and stands with any one piece back."""
    found = []
    for seed, modality in itertools.product(range(6), MODALITIES):
        whole = with_parts(case(seed), audio=sound(seed, seconds=5.0))
        prediction = predictor.predict(whole)
        for finding in (f.name for f in prediction.findings):
            near = within_reach(predictor, whole, modality, finding)
            answer = flip(predictor, whole, prediction, modality, finding, threshold=near)
            if answer is None:
                continue
            found.append(answer)
            called = answer.before >= near
            bare = score(predictor, without(whole, modality, answer.removed), finding)
            assert bare == answer.after and (bare >= near) != called
            assert answer.before == score(predictor, whole, finding)
            assert len(answer.removed) <= (answer.pieces + 1) // 2
            for piece in answer.removed:
                rest = [p for p in answer.removed if p != piece]
                back = score(predictor, without(whole, modality, rest), finding)
                assert (back >= near) == called
    assert {answer.modality for answer in found} == set(MODALITIES)
    assert any(len(answer.removed) > 1 for answer in found)


def test_a_few_sets_are_scored_for_each_piece_that_is_needed(predictor, monkeypatch):
    """Two regions that act together, found without putting the other thirty back one by one."""
    whole, tried = case(), set()
    prediction = predictor.predict(whole)
    search = flips._Search(Work(predictor), whole, prediction, "image", "pneumonia", 0.5, None)
    search.called = True

    def one(removed):
        tried.add(removed)
        return 0.1 if {3, 17} <= removed else 0.9

    monkeypatch.setattr(search, "one", one)
    first = search.first()
    assert len(search.order) == 64 and first == frozenset(range(32))
    assert search.minimal(first) == {3, 17}
    assert len(tried) < 20


def test_notes_read_in_batches_are_decided_as_if_read_alone(predictor, monkeypatch):
    whole = case()
    prediction = predictor.predict(whole)
    for threshold in (0.3, prediction.findings[0].probability + 1e-9, 0.7):
        make = flips._Search
        args = (Work(predictor), whole, prediction, "notes", "pneumonia", threshold, None)
        ahead, alone = make(*args), make(*args)
        sets = [frozenset({i}) for i in range(len(ahead.order))]
        ahead._read_ahead(sets)
        assert [ahead.flips(r) for r in sets] == [alone.flips(r) for r in sets]
        assert len(ahead.sure) > 0 or threshold not in (0.3, 0.7)


def test_a_search_says_how_far_it_is_and_stops_when_told(predictor):
    whole, said = with_parts(case(), audio=sound(seconds=6.0)), []
    prediction = predictor.predict(whole)
    with pytest.raises(Cancelled, match="was stopped before it finished"):
        flip(
            *(predictor, whole, prediction, "image", "pneumonia"),
            threshold=1e-6,  # nothing flips it, so all is tried
            progress=said.append,
            cancelled=lambda: len(said) >= 3,
        )
    assert said == [1, 2, 3]
    assert predictor.predict(whole).findings == prediction.findings  # the worker is free


def test_pieces_are_taken_out_on_the_worker_whose_threads_suit(predictor, monkeypatch):
    real, seen = edits.erase, set()

    def watched(*given):
        seen.add((threading.current_thread().name, torch.get_num_threads()))
        return real(*given)

    monkeypatch.setattr(edits, "erase", watched)
    whole = case()
    assert (
        flip(predictor, whole, predictor.predict(whole), "image", "pneumonia", threshold=1e-6)
        is None
    )
    assert seen == {("mmbm-predict_0", 1)}


def test_no_set_is_named_where_none_flips(predictor):
    whole = case()
    for modality in MODALITIES:
        prediction = predictor.predict(whole)
        assert flip(predictor, whole, prediction, modality, "pneumonia", threshold=1e-6) is None


def test_an_absent_part_holds_nothing_to_take_out(predictor):
    notes = Case(notes=case().notes)
    with pytest.raises(NoSignal, match="Not in this case: Chest X-ray"):
        flip(predictor, notes, predictor.predict(notes), "image", "pneumonia")


def test_pieces_share_out_what_was_explained(predictor):
    whole = with_parts(case(), audio=sound(seconds=3.0))
    prediction = predictor.predict(whole)
    for modality, over in (("image", "pixels"), ("audio", "bands")):
        for finding in (f.name for f in prediction.findings):
            held = pieces(predictor, prediction, whole, modality, finding)
            told = attribute(predictor, prediction, over, finding, method="DeepLIFT")
            assert sum(piece.share for piece in held) == pytest.approx(told.explained, abs=1e-5)
    assert len(held) == 3 and held[-1].place == Span(2.0, 3.0)
    spoken = [p.place for p in pieces(predictor, prediction, whole, "notes", "pneumonia")]
    assert [whole.notes.text[a:b] for a, b in spoken][:2] == ["Routine", "check"]
