"""Results on their way to the archive: on the disk until it says that it holds them.

::

    outbox/
        waiting/<SOP Instance UID>.dcm    written whole, then sent, then taken away
        sent/<SOP Instance UID>           an empty file: the archive has it
        made/<sha256>                     an empty file: all results of this errand were put in

An identifier that is there, waiting or sent, is not put in again. A program that dies between the
archive's answer and the mark sends once more on its next start: the same identifier, so the
archive holds one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from mmbm.archive.query import Archive, is_uid
from mmbm.archive.wanted import Declined
from mmbm.errors import ArchiveError, TooLarge
from mmbm.storage.disk import make_folder, sync_names, write_whole
from mmbm.text import Sentence, sentence

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Delivered", "Outbox", "deliver", "part10"]

_SUFFIX = ".dcm"
_WAITS = (1.0, 2.0, 4.0)  # s before an archive that does not answer is tried again


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of the outbox."""

    sent: int
    waiting: int  # that stay in it
    declined: tuple[Sentence, ...] = ()  # why the archive would not take some of these
    stopped: Sentence | None = None  # why it could not be asked for all


class Outbox:
    """The folder. Raises ArchiveError where it cannot be written."""

    def __init__(self, folder: Path) -> None:
        self._waiting, self._sent = folder / "waiting", folder / "sent"
        self._made = folder / "made"
        try:
            for each in (folder, self._waiting, self._sent, self._made):
                make_folder(each)
        except OSError as exc:
            raise ArchiveError(sentence("archive.outbox")) from exc

    def put(self, datasets: Iterable[Dataset]) -> int:
        """Take in what is not there yet; returns how many, once they are on the disk.

        Raises
        ------
        ArchiveError
            One has no identifier, cannot be written in DICOM's file format, or the disk is full.
        """
        count = 0
        for dataset in datasets:
            uid = str(dataset.get("SOPInstanceUID") or "")
            if not is_uid(uid):
                raise ArchiveError(sentence("archive.no_identifier"))
            path = self._waiting / (uid + _SUFFIX)
            if path.exists() or (self._sent / uid).exists():
                continue
            try:
                write_whole(path, part10(dataset))
            except OSError as exc:
                raise ArchiveError(sentence("archive.outbox")) from exc
            count += 1
        return count

    def knows(self, errand: str) -> bool:
        """Whether all results of an errand, by its sha256, were put in."""
        return (self._made / errand).exists()

    def note(self, errand: str) -> None:
        """They were. Raises ArchiveError."""
        try:
            write_whole(self._made / errand, b"")
        except OSError as exc:
            raise ArchiveError(sentence("archive.outbox")) from exc

    def waiting(self) -> Iterator[tuple[str, bytes]]:
        """Each identifier with its file; what another program has sent meanwhile is left out."""
        for path in sorted(self._waiting.glob("[!.]*" + _SUFFIX)):
            with suppress(FileNotFoundError):
                yield path.stem, path.read_bytes()

    def mark(self, uid: str) -> None:
        """The archive holds it: first the mark, then the file goes. Raises ArchiveError."""
        try:
            write_whole(self._sent / uid, b"")
            (self._waiting / (uid + _SUFFIX)).unlink(missing_ok=True)
            sync_names(self._waiting)
        except OSError as exc:
            raise ArchiveError(sentence("archive.outbox")) from exc

    def count(self) -> int:
        """How many wait."""
        return sum(1 for _ in self._waiting.glob("[!.]*" + _SUFFIX))


def deliver(
    outbox: Outbox, archive: Archive, *, pause: Callable[[float], None] | None = time.sleep
) -> Delivered:
    """Send all that waits. What is not taken stays, to be sent the next time.

    ``pause``: how to wait before an archive that does not answer is tried again; None: it is not.

    Raises: ArchiveError where the outbox cannot be written.
    """
    sent, declined = 0, []
    waits = iter(_WAITS if pause else ())
    for uid, content in outbox.waiting():
        while True:
            try:
                archive.keep(content)
            except Declined as exc:
                declined.append(exc.sentence)
            except (ArchiveError, TooLarge) as exc:  # too large: its answer
                wait = next(waits, None)
                if pause is None or wait is None:
                    return Delivered(sent, outbox.count(), tuple(declined), exc.sentence)
                pause(wait)
                continue
            else:
                outbox.mark(uid)
                sent += 1
            break
    return Delivered(sent, outbox.count(), tuple(declined))


def part10(dataset: Dataset) -> bytes:
    """A dataset in DICOM's file format (PS3.10). Raises ArchiveError."""
    buffer = BytesIO()
    try:
        dataset.save_as(buffer, enforce_file_format=True)
    except (ValueError, AttributeError, TypeError, KeyError) as exc:
        raise ArchiveError(sentence("archive.not_encoded")) from exc
    return buffer.getvalue()
