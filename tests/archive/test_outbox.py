"""Results on their way to a real Orthanc: once each, whatever happens between."""

from __future__ import annotations

import io
import threading
import time

import pydicom
import pytest

from mmbm.archive import outbox as module
from mmbm.archive.connect import for_sending
from mmbm.archive.identifiers import settle
from mmbm.archive.outbox import Outbox, deliver
from mmbm.archive.wanted import Declined
from mmbm.errors import ArchiveError, TooLarge
from tests.made_studies import film, result

WAYS = ["dicomweb", "c-store"]


def made(study=1, count=3):
    return [pydicom.dcmread(io.BytesIO(result(study, n))) for n in range(count)]


def uids(datasets):
    return [str(dataset.SOPInstanceUID) for dataset in datasets]


@pytest.mark.parametrize("way", WAYS)
def test_results_arrive_once_in_their_study(orthanc, tmp_path, way):
    orthanc.hold(film(1))
    config = orthanc.config(tmp_path, send=way)
    outbox, archive = Outbox(config.outbox), for_sending(config)
    assert outbox.put(made()) == 3 and outbox.put(made()) == 0
    delivered = deliver(outbox, archive)
    assert (delivered.sent, delivered.waiting, delivered.stopped) == (3, 0, None)
    held = orthanc.held()
    assert set(held) == {"1.2.3.1.1.1", *uids(made())}
    assert {of["study"] for of in held.values()} == {"1.2.3.1"}
    assert outbox.put(made()) == 0 and deliver(outbox, archive).sent == 0
    assert Outbox(tmp_path / "another").put(made()) == 3  # a program that has lost its marks
    assert deliver(Outbox(tmp_path / "another"), archive).sent == 3
    assert orthanc.held() == held


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nothing_is_lost_or_doubled_where_the_archive_is_killed(orthanc, tmp_path, way):
    """Killed in the middle of taking results, then started again."""
    config = orthanc.config(tmp_path, send=way, timeout=3.0)
    outbox, archive = Outbox(config.outbox), for_sending(config)
    sent = made(count=30)
    outbox.put(sent)
    try:
        first = deliver(outbox, Killing(archive, orthanc, at=10), pause=None)
    finally:
        orthanc.start()
    assert first.stopped is not None and first.waiting + first.sent == 30 and first.sent >= 9
    second = deliver(Outbox(config.outbox), archive)
    assert (second.sent, second.waiting) == (first.waiting, 0)
    assert sorted(orthanc.held()) == sorted(uids(sent))


class Killing:
    """Kills the archive while it takes one of the files."""

    def __init__(self, archive, orthanc, at):
        self.archive, self.orthanc, self.left = archive, orthanc, at

    def keep(self, content):
        self.left -= 1
        if self.left == 0:
            threading.Timer(0.002, self.orthanc.kill).start()
        self.archive.keep(content)


class Scripted:
    """An archive that answers as it is told."""

    def __init__(self, *answers):
        self.answers, self.kept = list(answers), []

    def keep(self, content):
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.kept.append(content)


def test_what_is_declined_stays_and_the_rest_goes(tmp_path):
    outbox = Outbox(tmp_path)
    outbox.put(made())
    delivered = deliver(outbox, Scripted(None, Declined("no")))
    assert (delivered.sent, delivered.waiting, delivered.declined) == (2, 1, ("no",))
    assert deliver(outbox, Scripted()).sent == 1


def test_a_silent_archive_is_tried_again_and_then_left(tmp_path):
    outbox, waits = Outbox(tmp_path), []
    outbox.put(made())
    gone = ArchiveError("gone")
    delivered = deliver(outbox, Scripted(gone, gone), pause=waits.append)
    assert (delivered.sent, delivered.waiting) == (3, 0) and waits == [1.0, 2.0]
    outbox = Outbox(tmp_path / "other")
    outbox.put(made())
    delivered = deliver(outbox, Scripted(None, *[gone] * 9), pause=lambda _: None)
    assert (delivered.sent, delivered.waiting, delivered.stopped) == (1, 2, "gone")


def test_an_answer_that_is_too_large_leaves_what_waits(tmp_path):
    outbox = Outbox(tmp_path)
    outbox.put(made(count=1))
    delivered = deliver(outbox, Scripted(*[TooLarge("long")] * 4), pause=lambda _: None)
    assert (delivered.sent, delivered.waiting, delivered.stopped) == (0, 1, "long")


def test_a_mark_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    outbox = Outbox(tmp_path)
    outbox.put(made(count=1))
    monkeypatch.setattr(module, "write_whole", full)
    with pytest.raises(ArchiveError, match="outbox"):
        deliver(outbox, Scripted())
    assert outbox.count() == 1


def full(path, content):
    raise OSError(28, "No space left on device")


def test_a_program_that_dies_before_the_mark_sends_the_same_once_more(tmp_path, monkeypatch):
    outbox, archive = Outbox(tmp_path), Scripted()
    outbox.put(made(count=1))

    def die(uid):
        raise KeyboardInterrupt

    monkeypatch.setattr(outbox, "mark", die)
    with pytest.raises(KeyboardInterrupt):
        deliver(outbox, archive)
    assert deliver(Outbox(tmp_path), archive).sent == 1
    assert archive.kept[0] == archive.kept[1]


def test_an_unfinished_file_is_not_sent(tmp_path):
    outbox = Outbox(tmp_path)
    (tmp_path / "waiting" / ".half.dcm").write_bytes(b"half")
    assert deliver(outbox, Scripted()).sent == 0


def test_a_result_without_an_identifier_is_refused(tmp_path):
    (dataset,) = made(count=1)
    for uid in ("", "../../1.2", "1.2/3"):
        dataset.__dict__.pop("_uid", None)
        with pydicom.config.disable_value_validation():
            dataset.SOPInstanceUID = uid
        with pytest.raises(ArchiveError, match="SOP Instance UID"):
            Outbox(tmp_path).put([dataset])


def test_an_outbox_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveError, match="outbox"):
        Outbox(tmp_path / "file")


def test_the_same_result_has_the_same_identifiers():
    def settled(**more):
        first, second = made(count=2)
        second.ReferencedImageSequence = [pydicom.Dataset()]
        second.ReferencedImageSequence[0].ReferencedSOPInstanceUID = first.SOPInstanceUID
        for n, dataset in enumerate((first, second)):
            dataset.SOPInstanceUID = f"{dataset.SOPInstanceUID}.{time.perf_counter_ns()}"
            if n == 0:
                second.ReferencedImageSequence[0].ReferencedSOPInstanceUID = first.SOPInstanceUID
        given = {"source": "1.2.3.1.1.1", "model_sha256": "ab", "revision": ""} | more
        settle([first, second], **given)
        return first, second

    first, second = settled()
    again, _ = settled()
    assert first.SOPInstanceUID == again.SOPInstanceUID != second.SOPInstanceUID
    assert first.SeriesInstanceUID == second.SeriesInstanceUID == again.SeriesInstanceUID
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID
    referenced = second.ReferencedImageSequence[0].ReferencedSOPInstanceUID
    assert referenced == first.SOPInstanceUID
    assert first.StudyInstanceUID == "1.2.3.1" and first.SOPClassUID == made()[0].SOPClassUID
    others = [settled(revision="2"), settled(model_sha256="cd"), settled(source="1.2.9")]
    assert len({first.SOPInstanceUID, *(one.SOPInstanceUID for one, _ in others)}) == 4
