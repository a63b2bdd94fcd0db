"""The watched folder, and the service that the archive sends to."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pydicom
import pytest

from mmbm.archive.chain import Kept, take_arrived
from mmbm.archive.config import ArchiveConfig
from mmbm.archive.inbox import Inbox
from mmbm.archive.receive import Bounds, Receiver
from mmbm.config import Limits
from mmbm.errors import ArchiveError
from mmbm.store import open_store
from tests.made_archive import free_ports
from tests.made_studies import film, slice_of


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def put(folder: Path, name: str, content: bytes, when: float) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (when, when))
    return path


def test_a_study_waits_until_it_has_settled(tmp_path):
    clock = Clock()
    inbox = Inbox(tmp_path, settled=5.0, clock=clock)
    put(tmp_path, "a.dcm", film(1), 990)
    put(tmp_path / "within", "b", film(1, 1, 2), 998)
    put(tmp_path, "c.dcm", film(2), 990)
    put(tmp_path, ".half", film(3), 900)
    assert [found.study_uid for found in inbox.arrived()] == ["1.2.3.2"]
    clock.now = 1004.0
    found = {arrived.study_uid: arrived for arrived in inbox.arrived()}
    assert set(found) == {"1.2.3.1", "1.2.3.2"}
    assert list(found["1.2.3.1"].files()) == [film(1), film(1, 1, 2)]
    for arrived in found.values():
        inbox.done(arrived, taken=arrived.study_uid == "1.2.3.1")
    assert sorted(p.name for p in (tmp_path / "done").iterdir()) == ["a.dcm", "b"]
    assert sorted(p.name for p in (tmp_path / "refused").iterdir()) == ["c.dcm"]
    assert list(inbox.arrived()) == []


def test_nothing_is_written_over(tmp_path):
    clock = Clock()
    inbox = Inbox(tmp_path, settled=1.0, clock=clock)
    for number in (1, 2):
        put(tmp_path, "a.dcm", film(number), 900)
        (arrived,) = inbox.arrived()
        inbox.done(arrived, taken=True)
    assert {p.read_bytes() for p in (tmp_path / "done").iterdir()} == {film(1), film(2)}


def test_what_is_no_dicom_is_put_aside_with_its_reason(tmp_path):
    clock = Clock()
    inbox = Inbox(tmp_path, settled=5.0, clock=clock)
    put(tmp_path, "letter.txt", b"Dear colleague", 999)
    assert list(inbox.arrived()) == []  # it may still be being copied
    clock.now = 1010.0
    (arrived,) = inbox.arrived()
    assert "not a DICOM" in str(arrived.reason)
    inbox.done(arrived, taken=False)
    assert (tmp_path / "refused" / "letter.txt").exists()


def test_what_another_took_meanwhile_is_left_to_it(tmp_path):
    store = open_store(tmp_path / "cases")
    config = ArchiveConfig.parse({"settled": 0.0})
    inbox = Inbox(tmp_path / "in", settled=0.0)
    for study in (1, 2):
        put(tmp_path / "in", f"{study}.dcm", film(study), 900)
    ours = take_arrived(store, config, inbox)
    first = next(ours)
    (other,) = Inbox(tmp_path / "in", settled=0.0).arrived()
    inbox.done(other, taken=True)
    assert list(ours) == [] and isinstance(first, Kept)
    inbox.done(other, taken=True)  # once more, when nothing is there
    assert len(list((tmp_path / "in" / "done").iterdir())) == 2
    store.close()


def test_a_study_of_too_many_films_is_refused(tmp_path):
    store = open_store(tmp_path / "cases")
    config = ArchiveConfig.parse({"settled": 0.0, "most_pictures": 2})
    inbox = Inbox(tmp_path / "in", settled=0.0)
    for number in range(3):
        put(tmp_path / "in", f"{number}.dcm", film(1, 1, number + 1), 900)
    (refused,) = take_arrived(store, config, inbox)
    assert refused.reason.code == "archive.many_pictures"
    assert len(list((tmp_path / "in" / "refused").iterdir())) == 3
    store.close()


def test_a_file_over_the_limit_is_refused_unread(tmp_path, monkeypatch):
    inbox = Inbox(tmp_path, settled=0.0)
    monkeypatch.setattr(inbox, "_limits", Limits(file_bytes=1000))
    put(tmp_path, "a.dcm", film(1), 900)
    (arrived,) = inbox.arrived()
    assert arrived.reason.code == "io.file.too_large"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "outside").write_bytes(film(1))
    inbox = Inbox(tmp_path / "in", settled=0.0)
    (tmp_path / "in" / "link").symlink_to(tmp_path / "outside")
    assert list(inbox.arrived()) == []


def test_an_inbox_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveError, match="inbox"):
        Inbox(tmp_path / "file", 1.0)


def listening(**more):
    (port,) = free_ports(1)
    dicom = {"host": "127.0.0.1", "port": 1, "own_port": port, **more}
    return ArchiveConfig.parse({"dicom": dicom, "timeout": 5.0})


def sent(config, content, title="ORTHANC", called="MMBM"):
    """The status of a C-STORE to this program; None where it lets nobody in."""
    from pynetdicom import AE

    dataset = pydicom.dcmread(io.BytesIO(content))
    entity = AE(title)
    entity.add_requested_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
    association = entity.associate("127.0.0.1", config.dicom.own_port, ae_title=called)
    if not association.is_established:
        return None
    status = association.send_c_store(dataset)
    association.release()
    return status.get("Status")


def test_what_the_archive_sends_lies_in_the_inbox_before_it_is_answered(tmp_path):
    config, inbox = listening(), Inbox(tmp_path, settled=0.0)
    with Receiver(config, inbox.take, Bounds(2**26)):
        assert sent(config, film(1)) == 0x0000
        assert sent(config, film(1)) == 0x0000
        assert sent(config, film(2)) == 0x0000
        assert sorted(found.study_uid for found in inbox.arrived()) == ["1.2.3.1", "1.2.3.2"]


def test_nobody_else_is_let_in(tmp_path):
    config, inbox = listening(), Inbox(tmp_path, settled=0.0)
    with Receiver(config, inbox.take, Bounds(2**26)):
        assert sent(config, film(1), title="STRANGER") is None
        assert sent(config, film(1), called="OTHER") is None
        assert sent(config, slice_of(1, "CT")) is None
    elsewhere = listening(host="192.0.2.1")
    with Receiver(elsewhere, inbox.take, Bounds(2**26)):
        assert sent(elsewhere, film(1)) is None
    assert list(inbox.arrived()) == []


def test_a_file_over_the_limit_is_not_kept(tmp_path):
    config, inbox = listening(), Inbox(tmp_path, settled=0.0)
    small = film(2, PixelData=b"\0\1" * 1000)
    with Receiver(config, inbox.take, Bounds(50_000)):
        assert sent(config, film(1)) is None
        assert sent(config, small) == 0x0000  # the next one is none the worse for it
    assert [found.study_uid for found in inbox.arrived()] == ["1.2.3.2"]


def test_a_full_disk_is_answered_as_one(tmp_path):
    def full(content):
        raise OSError("no space")

    config = listening()
    with Receiver(config, full, Bounds(2**26)):
        assert sent(config, film(1)) == 0xA700


def test_a_port_that_is_taken_is_said(tmp_path):
    config = listening()
    with (
        Receiver(config, print, Bounds(2**26)),
        pytest.raises(ArchiveError, match="own_port"),
        Receiver(config, print, Bounds(2**26)),
    ):
        pass
