"""Cases, analyses and readings in a store, and out of it."""

from __future__ import annotations

import stat
from datetime import UTC, date, datetime

import pytest

from mmbm.analysis import analyse
from mmbm.errors import StoreError
from mmbm.reading import LONGEST_TEXT, Decision, Mark, Reading
from mmbm.report import case_report
from mmbm.store import Given, Wanted

READER = "Dr A"
BOX = Mark(kind="box", points=((0.1, 0.2), (0.3, 0.4)))


def first(answer="yes"):
    return Reading(reader=READER, decisions=(Decision(finding="pneumonia", first=answer),))


def decided(locked, final):
    made = locked.decisions[0].model_copy(update={"final": final, "act": "agree"})
    return locked.model_copy(
        update={"decisions": (made,), "decided_at": datetime(2026, 3, 3, tzinfo=UTC)}
    )


def test_the_parts_come_out_as_they_went_in(store, given):
    case_id = store.add_case(given(), patient="A 12", taken=date(2026, 3, 3), source="north")
    assert store.parts(case_id) == given()
    held = store.case(case_id)
    assert (held.patient, held.taken, held.source) == ("A 12", date(2026, 3, 3), "north")
    assert held.modalities == ("image", "audio", "notes")
    assert not held.scored and not held.read and held.attention is None
    assert store.read(case_id).present == ("image", "notes", "audio")


def test_the_same_inputs_are_one_case(store, given):
    case_id = store.add_case(given())
    renamed = {m: g.model_copy(update={"name": "other"}) for m, g in given().items()}
    assert store.add_case(renamed) == case_id
    assert store.add_case(given(1)) != case_id
    assert store.add_case(given(), key="7") == store.add_case(given(1), key="7")
    assert [e.act for e in store.audit(case_id)] == ["add"]


def test_the_same_words_of_two_patients_are_two_cases(store, given):
    note = {"notes": given()["notes"]}
    numbers = {"labs": Given(name="", content=b"{}", kind="fields")}
    for parts in (note, numbers, note | numbers):
        cases = [store.add_case(parts, patient=patient) for patient in ("A", "B", "")]
        assert len(set(cases)) == 3 and [store.case(c).patient for c in cases] == ["A", "B", ""]
        assert [store.add_case(parts, patient=patient) for patient in ("A", "B", "")] == cases
    assert store.add_case(given(), patient="A") == store.add_case(given(), patient="B")


def test_a_reading_that_could_not_be_read_again_is_refused(store, given):
    case_id = store.add_case(given())
    decision = Decision(finding="pneumonia", first="yes")
    long = Reading(reader="r", decisions=(decision,)).model_copy(
        update={"comment": "x" * (LONGEST_TEXT + 1)}
    )
    for keep in (store.save_reading, store.lock_first):
        with pytest.raises(StoreError, match="more than 2000 characters") as refusal:
            keep(case_id, long)
        assert refusal.value.__suppress_context__  # the cause quotes what was written
    assert store.readings(case_id) == [] and store.worklist().total == 1


def test_an_analysis_is_kept_and_made_again_bit_by_bit(store, given, predictor):
    case_id = store.add_case(given())
    assert store.analysis(case_id) is None and store.unscored() == (case_id,)
    analysis = analyse(store.read(case_id), predictor, level=0.8)
    store.save_analysis(case_id, analysis)
    kept = store.analysis(case_id)
    assert kept.report == case_report(analysis)
    assert kept.weights_sha256 == predictor.identity.sha256
    assert kept.inputs.keys() == set(given()) and kept.level == 0.8
    logits = {name: float.fromhex(bits) for name, bits in kept.logits.items()}
    assert logits == {f.name: f.logit for f in analysis.prediction.findings}
    again = store.rerun(case_id, predictor)
    assert again.equal and again.differing == () and again.largest == 0.0
    assert again.same_weights and again.same_code
    assert store.case(case_id).scored and store.unscored() == ()


def test_first_answers_are_fixed_before_the_model_speaks(store, given, predictor):
    case_id = store.add_case(given())
    locked = store.lock_first(case_id, first())
    assert locked.locked_at is not None and store.reading(case_id) == locked
    store.save_analysis(case_id, analyse(store.read(case_id), predictor))
    store.mark_shown(case_id, READER)
    with pytest.raises(StoreError, match="locked"):
        store.save_reading(case_id, first("no").model_copy(update={"locked_at": locked.locked_at}))
    with pytest.raises(StoreError, match="locked"):
        store.lock_first(case_id, first("no"))
    final = decided(locked, "no")
    store.save_reading(case_id, final)
    assert store.readings(case_id) == [locked, final]
    assert store.reading(case_id, READER) == final and store.reading(case_id, "Dr B") is None
    assert store.case(case_id).read
    assert [e.act for e in store.audit(case_id)] == ["add", "lock", "analyse", "show", "read"]
    assert store.verify_audit()


def test_a_lock_is_refused_once_the_model_was_shown(store, given):
    case_id = store.add_case(given())
    store.mark_shown(case_id, READER)
    with pytest.raises(StoreError, match="shown to you already"):
        store.lock_first(case_id, first())
    other = first().model_copy(update={"reader": "Dr B"})
    assert store.lock_first(case_id, other).reader == "Dr B"
    with pytest.raises(StoreError, match="no first answer"):
        store.lock_first(
            case_id, Reading(reader="Dr C", marks=(Mark(kind="box", points=((0, 0), (1, 1))),))
        )


def test_a_lock_is_made_by_locking_alone(store, given):
    case_id = store.add_case(given())
    with pytest.raises(StoreError, match="Lock the first answers"):
        store.save_reading(
            case_id, first().model_copy(update={"locked_at": datetime(2026, 3, 3, tzinfo=UTC)})
        )
    with pytest.raises(StoreError, match="The case is empty"):
        store.add_case({})
    assert store.readings(case_id) == []


def test_nobody_but_the_owner_may_look(store, given):
    store.add_case(given())
    for path in [store.folder, *store.folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_worklist(store, given):
    ids = [store.add_case(given(i), patient=f"P{i}", source="north") for i in range(3)]
    page = store.worklist(Wanted(order="oldest", size=2))
    assert page.total == 3 and [row.case.case_id for row in page.rows] == ids[:2]
    assert store.worklist(Wanted(order="oldest", size=2, page=1)).rows[0].case.case_id == ids[2]
    assert [r.case.case_id for r in store.worklist(Wanted(search="p1")).rows] == [ids[1]]
    assert store.worklist(Wanted(search="%")).total == 0
    assert store.counts()["waiting"] == 3


def test_purged(store, given):
    ids = [store.add_case(given(i), patient=f"Unique{i}") for i in range(2)]
    proof = store.purge(ids[0], by=READER)
    assert proof.clean and proof.files == 2  # the note is the other case's too
    with pytest.raises(StoreError, match="no such case"):
        store.parts(ids[0])
    held = b"".join(p.read_bytes() for p in store.folder.rglob("*") if p.is_file())
    assert b"Unique0" not in held and b"Unique1" in held
    assert given(0)["image"].content[:200] not in held
    assert [e.act for e in store.audit(ids[0])] == ["add", "purge by hand"]
    assert store.parts(ids[1]) == given(1)
