"""The worklist, the scoring of what waits, and the export of what was decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from mmbm.analysis import analyse
from mmbm.case import Case, Patient, Study
from mmbm.data.manifest import read_manifest
from mmbm.errors import StoreError
from mmbm.reading import Decision, Reading
from mmbm.store import Given, Wanted
from mmbm.store import tables as t
from mmbm.store.export import export_decided
from mmbm.store.scoring import score_waiting
from tests.made_cases import picture

FINDING = "pneumonia"


def note(text):
    return {"notes": Given(name="", content=text.encode(), kind="typed")}


def reading(reader, final, *, first=None, finding=FINDING):
    return Reading(reader=reader, decisions=(Decision(finding=finding, first=first, final=final),))


def numbers(page):
    return [row.case.case_id for row in page.rows]


def answered(store, case_id, verdict, probability, attention):
    """Let the model have said this of a case."""
    row = {"case_id": case_id, "finding": FINDING, "place": 0, "logit": 0.0}
    with store._database.writing() as connection:
        connection.execute(
            t.answers.insert().values(row | {"verdict": verdict, "probability": probability})
        )
        where = t.cases.c.case_id == case_id
        connection.execute(
            t.cases.update()
            .where(where)
            .values(scored=True, attention=attention, odd=attention >= 3)
        )


@pytest.fixture
def answers(store):
    """Four cases: no, yes, not sure and out of distribution, one without an answer yet."""
    told = (("no", 0.1, 0.1), ("yes", 0.9, 1.9), ("not sure", 0.5, 3.5), None)
    ids = [store.add_case(note(f"Case {n}."), patient=f"P{n}") for n in range(4)]
    for case_id, said in zip(ids, told, strict=True):
        if said is not None:
            answered(store, case_id, *said)
    return ids


def test_what_needs_eyes_comes_first(store, answers):
    assert numbers(store.worklist()) == [answers[i] for i in (2, 1, 0, 3)]
    store.save_reading(answers[2], reading("A", "no"))
    assert numbers(store.worklist()) == [answers[i] for i in (1, 0, 3, 2)]
    page = store.worklist(Wanted(order="probability", finding=FINDING))
    assert numbers(page) == [answers[i] for i in (1, 2, 0)]
    assert [row.answers[FINDING].verdict for row in page.rows] == ["yes", "not sure", "no"]
    assert numbers(store.worklist(Wanted(order="newest"))) == answers[::-1]
    assert numbers(store.worklist(Wanted(order="patient"))) == answers


def test_each_status_has_its_cases(store, answers):
    store.save_reading(answers[0], reading("A", "yes"))  # the model says no
    store.save_reading(answers[2], reading("A", "no"))  # the model is not sure
    store.set_follow_up(answers[1], date(2026, 3, 3))
    found = {
        "waiting": {1, 3}, "read": {0, 2}, "disagreed": {0}, "odd": {2}, "unscored": {3},
        "due": {1}, "all": {0, 1, 2, 3},
    }  # fmt: skip
    for status, held in found.items():
        wanted = Wanted(status=status, today=date(2026, 3, 3))
        assert set(numbers(store.worklist(wanted))) == {answers[i] for i in held}, status
        assert set(store.wanted_ids(wanted)) == {answers[i] for i in held}
    assert store.counts() == {status: len(held) for status, held in found.items()}
    assert store.worklist(Wanted(status="due", today=date(2026, 3, 2))).total == 0
    assert [due.case_id for due in store.due(date(2026, 4, 1))] == [answers[1]]
    assert numbers(store.worklist(Wanted(finding=FINDING, answer="yes"))) == [answers[1]]


def test_a_changed_mind_is_no_disagreement_any_more(store, answers):
    store.save_reading(answers[0], reading("A", "yes"))
    assert store.case(answers[0]).disagreed
    store.save_reading(answers[0], reading("A", "no"))
    assert not store.case(answers[0]).disagreed


def test_nothing_of_the_model_is_told_before_the_lock(store, answers):
    store.lock_first(answers[1], reading("A", None, first="yes"))
    blind = {"blind": True, "reader": "A"}
    rows = {row.case.case_id: row for row in store.worklist(Wanted(**blind)).rows}
    assert list(rows) == answers  # by when they were added, not by what the model said
    for number, row in enumerate(rows.values()):
        open_ = number == 1
        assert (row.answers != {}) == open_ and (row.case.attention is not None) == open_
        assert not row.case.odd
    for asked in ({"finding": FINDING}, {"status": "odd"}, {"finding": FINDING, "answer": "no"}):
        found = numbers(store.worklist(Wanted(**blind, **asked)))
        assert set(found) <= {answers[1]}, asked
    other = store.worklist(Wanted(blind=True, reader="B"))
    assert all(row.answers == {} for row in other.rows)


@pytest.mark.parametrize(
    ("said", "found"),
    [("p1", {1}), ("P", {0, 1, 2, 3}), ("p1 p2", set()), ("_", set()), ("  ", {0, 1, 2, 3})],
)
def test_a_search_takes_every_word_as_it_is(store, answers, said, found):
    page = store.worklist(Wanted(search=said))
    assert set(numbers(page)) == {answers[i] for i in found} and page.total == len(found)


def test_a_patient_over_time(store):
    days = (date(2026, 3, 3), date(2025, 1, 1), None)
    ids = [store.add_case(note(f"{d}"), patient="P", taken=d) for d in days]
    store.add_case(note("another"), patient="Q")
    assert {case.case_id for case in store.patient_cases("P")} == set(ids)
    dated = [case.taken for case in store.patient_cases("P") if case.taken is not None]
    assert dated == sorted(dated) and store.patient_cases("") == []


def test_the_header_says_what_nobody_said(store, given, predictor):
    header = replace(
        picture(), patient=Patient("female", 61.0, "A-17"), view="PA",
        study=Study(taken=date(2026, 3, 3)),
    )  # fmt: skip
    whole = Case(image=header)
    parts = {"image": given()["image"]}
    case_id = store.add_case(parts, case=whole, source="north")
    held = store.case(case_id)
    assert (held.patient, held.sex, held.age, held.view) == ("A-17", "female", 61.0, "PA")
    assert held.taken == date(2026, 3, 3)
    later = store.add_case({"image": given(1)["image"]}, patient="mine")
    store.save_analysis(later, analyse(whole, predictor))
    held = store.case(later)
    assert (held.patient, held.sex, held.taken) == ("mine", "female", date(2026, 3, 3))
    assert store.worklist(Wanted(search="2026-03-03")).total == 2


def test_an_analysis_of_other_parts_is_refused(store, given, predictor):
    case_id = store.add_case(note("Cough for two days."))
    with pytest.raises(StoreError, match="does not have"):
        store.save_analysis(case_id, analyse(Case(image=picture()), predictor))
    assert not store.case(case_id).scored


def test_what_waits_is_scored_and_what_cannot_be_is_named(store, given, predictor):
    broken = store.add_case({"image": Given(name="x.png", content=b"no picture")})
    whole = [store.add_case(note(f"Fever and cough, day {n}.")) for n in range(3)]
    seen = []
    scored = score_waiting(store, predictor, progress=lambda *at: seen.append(at), limit=2)
    assert scored.done == 1 and list(scored.refused) == [broken] and seen == [(1, 2), (2, 2)]
    assert b"no picture".decode() not in scored.refused[broken]
    turns = iter((False, False, True))
    assert score_waiting(store, predictor, stop=lambda: next(turns)).done == 1
    assert store.unscored() == (broken, whole[2])


def test_labels_are_blank_where_readers_are_opposed(store, tmp_path):
    told = ({"A": "yes", "B": "yes"}, {"A": "yes", "B": "no"}, {"A": "not sure", "B": "no"},
            {"A": "not sure"}, {"A": None})  # fmt: skip
    for number, finals in enumerate(told):
        case_id = store.add_case(note(f"Case {number}."), patient=f"P{number}", source="north")
        for reader, final in finals.items():
            first = None if final else "yes"
            store.save_reading(case_id, reading(reader, final, first=first))
    made = export_decided(store, tmp_path / "out")
    manifest = read_manifest(made.manifest)
    by_text = dict(zip(manifest.rows["notes_text"], manifest.rows[FINDING], strict=True))
    assert by_text == {"Case 0.": "1", "Case 1.": "", "Case 2.": "0", "Case 3.": ""}
    assert (made.cases, made.patients) == (4, 4) and sum(made.splits.values()) == 4
    assert store.audit()[-1].act == "export decided de-identified"
    with pytest.raises(StoreError, match="not empty"):
        export_decided(store, tmp_path / "out")


def test_a_patient_stays_in_one_split_in_every_export(store, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "salt", lambda: b"one store's secret")
    for number in range(40):
        case_id = store.add_case(note(f"Case {number}."), patient=f"P{number // 2}")
        store.save_reading(case_id, reading("A", "yes"))
    splits = []
    for name, patients in (("one", 20), ("two", 21)):
        rows = read_manifest(export_decided(store, tmp_path / name).manifest).rows
        splits.append(dict(zip(rows["patient_id"], rows["split"], strict=True)))
        assert len(set(rows["patient_id"])) == patients
        case_id = store.add_case(note(f"New {name}."), patient=f"New {name}")
        store.save_reading(case_id, reading("A", "no"))
    assert splits[0].items() <= splits[1].items()


@pytest.mark.parametrize("count", [2, 3, 5])
def test_of_a_few_patients_some_train_and_some_calibrate(store, tmp_path, count):
    for number in range(count):
        case_id = store.add_case(note(f"Case {number}."), patient=f"P{number}")
        store.save_reading(case_id, reading("A", "yes"))
    made = export_decided(store, tmp_path / "out")
    assert made.splits["train"] and made.splits["val"]


def test_a_later_frame_is_left_out(store, given, tmp_path):
    for frame in (0, 2):
        film = given()["image"].model_copy(update={"frame": frame})
        store.save_reading(store.add_case({"image": film}), reading("A", "yes"))
    made = export_decided(store, tmp_path / "out")
    assert (made.cases, made.left_out) == (1, 1)
    manifest = read_manifest(made.manifest)
    assert manifest.path(0, "image").read_bytes() == given()["image"].content


def test_the_secret_of_a_store_stays(store):
    assert store.salt() == store.salt() and len(store.salt()) == 16


def test_first_answers_alone_are_no_labels(store, tmp_path):
    store.lock_first(store.add_case(note("Cough.")), reading("A", None, first="yes"))
    assert len(store.decided()) == 1
    with pytest.raises(StoreError, match="No case has a final answer"):
        export_decided(store, tmp_path / "out")
