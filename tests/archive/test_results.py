"""Which results go back into a study, and whose decision is in them."""

from __future__ import annotations

import pydicom
import pytest

from mmbm.analysis import analyse
from mmbm.archive.chain import keep
from mmbm.archive.config import ArchiveConfig
from mmbm.archive.notes import NotesByAccession
from mmbm.archive.outbox import Outbox
from mmbm.archive.pull import case_of
from mmbm.archive.query import FoundStudy
from mmbm.archive.results import queue, to_send
from mmbm.archive.sort import sort_out
from mmbm.errors import StoreError
from mmbm.reading import Decision, Reading
from mmbm.text import sentence
from tests.made_studies import film

CONFIG = ArchiveConfig.parse({"pull": "c-get", "send": "c-store", "dicom": {"host": "localhost"}})


def kept(store, content, study="1.2.3.1"):
    """A study that came from the archive, as a stored case."""
    found = case_of(sort_out([content], study), FoundStudy(study), NotesByAccession(None))
    return keep(store, found, CONFIG.source).case_id


def reading(reader, **decided):
    return Reading(reader=reader, decisions=(Decision(finding="pneumonia", **decided),))


def sent(folder):
    return [pydicom.dcmread(path) for path in sorted((folder / "waiting").iterdir())]


def report(folder):
    return next(str(each) for each in sent(folder) if each.Modality == "SR")


def test_a_decision_goes_back_though_another_reader_has_begun(tmp_path, store, predictor):
    case_id = kept(store, film(1))
    store.save_reading(case_id, reading("Decider", final="yes"))
    store.lock_first(case_id, reading("Beginner", first="no"))
    assert queue(store, predictor, Outbox(tmp_path / "out"), [case_id]).cases == 1
    told = report(tmp_path / "out")
    assert "Decider" in told and "reader_final" in told and "Beginner" not in told


def test_a_decision_that_was_taken_back_does_not_go(tmp_path, store, predictor):
    case_id = kept(store, film(1))
    store.save_reading(case_id, reading("Other", final="no"))
    store.save_reading(case_id, reading("Doubter", final="yes"))
    store.save_reading(case_id, reading("Doubter"))
    queue(store, predictor, Outbox(tmp_path / "out"), [case_id])
    assert "Other" in report(tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "study"),
    [
        (film(1).replace(b"1.2.3.1\0", b"1.2.03.1"), "1.2.03.1"),  # no part begins with a zero
        (film(1, SOPClassUID="1.2.392.200036.9125.1.1.4"), "1.2.3.1"),
    ],
    ids=["study", "class"],
)
def test_no_result_goes_into_another_study(tmp_path, store, predictor, content, study):
    case_id = kept(store, content, study)
    done = queue(store, predictor, Outbox(tmp_path / "out"), [case_id])
    assert done.cases == 0 and done.refused == {case_id: sentence("archive.send.unsound")}
    assert sent(tmp_path / "out") == []
    assert [entry.act for entry in store.audit(case_id)] == ["add", "pull"]


def test_a_case_that_is_purged_meanwhile_does_not_keep_the_others(store, predictor, monkeypatch):
    case_id = kept(store, film(1))
    store.save_analysis(case_id, analyse(store.read(case_id), predictor))
    config = CONFIG.model_copy(update={"send_unread": True})
    monkeypatch.setattr(store, "wanted_ids", lambda wanted: ("0" * 16, case_id))
    assert to_send(store, config) == (case_id,)

    def busy(_):
        raise StoreError(sentence("store.busy", seconds=30))

    monkeypatch.setattr(store, "case", busy)
    with pytest.raises(StoreError, match="30 seconds"):
        to_send(store, config)
