from __future__ import annotations

import pickle

import pytest
import torch

from mmbm.case import Case, Notes
from mmbm.errors import NoSignal
from mmbm.explain.ledger import ledger
from mmbm.explain.maps import finer_maps
from mmbm.io.language import language_of
from mmbm.predict import Predictor, make_ready
from mmbm.predict.batches import Pace
from mmbm.trust.judge import judge, judge_by
from tests.made_cases import NOTES, case, picture, sound, write_model
from tests.made_shortage import ERRORS, shortage

PARTS = ({"image", "notes", "audio"}, {"image"}, {"notes"}, {"audio"}, {"image", "audio"})


def of_many_kinds(count: int = 15) -> list[Case]:
    """Cases of different parts, notes of different lengths, recordings of two lengths."""
    made = []
    for i in range(count):
        text = " ".join([NOTES[i % 2][0]] * (1 + i % 4))
        whole = {
            "image": picture(i),
            "notes": Notes(text, language=language_of(text)),
            "audio": sound(i, 1.0 + i % 2),
        }
        made.append(Case(**{m: whole[m] for m in whole if m in PARTS[i % len(PARTS)]}))
    return made


@pytest.fixture(scope="module")
def predictor(tiny_model_dir):
    return Predictor.load(tiny_model_dir, "cpu", threads=1)


def numbers(prediction):
    """All that is said of a case, as one row."""
    row = [e.probability for events in prediction.events.values() for e in events]
    for account in ledger(prediction):
        row += [account.logit, account.base, *account.contributions.values()]
        row += [edge for interval in account.intervals.values() for edge in interval]
    return torch.tensor(row)


@pytest.mark.parametrize("rows", [1, 4, 7])
def test_batches_give_each_case_the_numbers_it_gets_alone(predictor, rows):
    cases = of_many_kinds()
    together = list(predictor.predict_many(iter(cases), pace=Pace(rows)))
    assert len(together) == len(cases)
    for given, many in zip(cases, together, strict=True):
        alone = predictor.predict(given)
        assert many.present == alone.present and many.warnings == alone.warnings
        torch.testing.assert_close(numbers(many), numbers(alone), rtol=0, atol=1e-5)
        for modality, seen in alone.features.positions.items():
            ours = many.features.positions[modality]
            assert ours.grid == seen.grid
            torch.testing.assert_close(ours.vectors, seen.vectors, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("fusion", ["gated", "concat"])
def test_other_fusions_are_read_in_batches_as_well(tmp_path, fusion):
    predictor = Predictor.load(write_model(tmp_path, fusion), "cpu", threads=1)
    cases = of_many_kinds(5)
    for given, many in zip(cases, predictor.predict_many(cases), strict=True):
        torch.testing.assert_close(
            numbers(many), numbers(predictor.predict(given)), rtol=0, atol=1e-5
        )


def test_maps_of_a_batch_sum_to_the_contributions(predictor):
    for many in predictor.predict_many(of_many_kinds(5)):
        for account, maps in zip(ledger(many), finer_maps(predictor, many), strict=True):
            for modality in many.present:
                values = maps.values(modality)
                shares = values.sum() if hasattr(values, "sum") else sum(v.share for v in values)
                assert float(shares) == pytest.approx(account.contributions[modality], abs=1e-4)


def test_a_case_prepared_elsewhere_is_judged_as_here(predictor):
    whole = case()
    ready = make_ready(whole, predictor.config, predictor.readers, cues=True)
    (here,) = predictor.predict_ready([pickle.loads(pickle.dumps(ready))])
    judged = judge_by(ready.cues, here)
    assert judged.assessed
    assert repr(judged) == repr(judge(whole, here, predictor.config))  # NaN is not NaN


def test_where_memory_runs_out_fewer_are_read_at_a_time(predictor):
    cases = of_many_kinds(8)
    expected = [numbers(p) for p in predictor.predict_many(cases)]
    with shortage(first=3, error=ERRORS[1]) as short:
        again = [numbers(p) for p in predictor.predict_many(cases, pace=Pace(8))]
    assert short.raised == 1
    torch.testing.assert_close(torch.cat(again), torch.cat(expected), rtol=0, atol=1e-5)


def test_cases_are_taken_as_they_are_needed(predictor):
    taken = []

    def coming():
        for i in range(200):
            taken.append(i)
            yield Case(notes=Notes(NOTES[0][0]))

    next(predictor.predict_many(coming()))
    assert len(taken) < 100


def test_a_case_without_a_part_is_refused(predictor):
    found = []
    with pytest.raises(NoSignal, match="The case is empty"):
        for prediction in predictor.predict_many([case(), Case(), case()]):
            found.append(prediction)
    assert len(found) == 1  # what came before it is answered


@pytest.mark.cuda
def test_batches_on_a_graphics_card_give_the_same_numbers(tiny_model_dir):
    on_gpu = Predictor.load(tiny_model_dir, "cuda")
    cases = of_many_kinds()
    for given, many in zip(cases, on_gpu.predict_many(cases), strict=True):
        torch.testing.assert_close(numbers(many), numbers(on_gpu.predict(given)), rtol=0, atol=1e-4)
