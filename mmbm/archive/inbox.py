"""A watched folder: DICOM files that somebody or the archive puts there, study by study.

A study counts as whole once none of its files is newer than the settling time. What was read goes
to ``done``, what cannot be used to ``refused``; nothing is deleted.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mmbm.config import Limits
from mmbm.errors import ArchiveError, InputError, TooLarge
from mmbm.io import read_heading
from mmbm.storage.disk import UNFINISHED, make_folder, sync_names, write_whole
from mmbm.text import Sentence, sentence

__all__ = ["Arrived", "Inbox"]

_DONE, _REFUSED = "done", "refused"


@dataclass(frozen=True, slots=True)
class Arrived:
    """The files of one study that came to rest; ``reason``: why a lone file is of none."""

    study_uid: str = field(repr=False)
    paths: tuple[Path, ...] = field(repr=False)
    reason: Sentence | None = None

    def files(self) -> Iterator[bytes]:
        """Their contents, one at a time. Raises FileNotFoundError where another took them."""
        return (path.read_bytes() for path in self.paths)


class Inbox:
    """The folder; ``clock`` is that of the files' times, in seconds.

    Raises: ArchiveError where it cannot be used.
    """

    def __init__(
        self, folder: Path, settled: float, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.folder, self._settled, self._clock = folder, settled, clock
        self._limits = Limits()
        self._read: dict[tuple[str, int, int], str] = {}  # study of a file by name, time and size
        try:
            for each in (folder, folder / _DONE, folder / _REFUSED):
                make_folder(each)
        except OSError as exc:
            raise ArchiveError(sentence("archive.inbox")) from exc

    def take(self, content: bytes) -> None:
        """Keep a file that was sent; returns once it is on the disk. Raises OSError."""
        name = hashlib.sha256(content).hexdigest()
        write_whole(self.folder / f"{name}.dcm", content)

    def arrived(self) -> Iterator[Arrived]:
        """Every study that came to rest, and every file that belongs to none."""
        studies: dict[str, list[tuple[Path, float]]] = {}
        for path in self._paths():
            try:
                about = path.stat()
                study = self._study(path, about.st_mtime_ns, about.st_size)
            except OSError:  # it was taken away meanwhile
                continue
            except InputError as exc:
                if self._clock() - about.st_mtime >= self._settled:
                    yield Arrived("", (path,), exc.sentence)
                continue
            studies.setdefault(study, []).append((path, about.st_mtime))
        for study, found in studies.items():
            if self._clock() - max(when for _, when in found) >= self._settled:
                yield Arrived(study, tuple(path for path, _ in found))

    def done(self, arrived: Arrived, *, taken: bool) -> None:
        """Put a study's files aside; those that another has put aside are left. Raises OSError."""
        aside = self.folder / (_DONE if taken else _REFUSED)
        for path in arrived.paths:
            to = aside / path.name
            while to.exists():  # another file of this name; none is written over
                to = to.with_stem(f"{to.stem}-{secrets.token_hex(2)}")
            with suppress(FileNotFoundError):
                path.replace(to)
        sync_names(aside)
        sync_names(self.folder)

    def _paths(self) -> list[Path]:
        """The files, also in folders within, but for those put aside and those unfinished."""
        found = []
        for path in sorted(self.folder.rglob("*")):
            within = path.relative_to(self.folder).parts
            hidden = any(part.startswith(UNFINISHED) for part in within)
            if within[0] not in (_DONE, _REFUSED) and not hidden and _plain(path):
                found.append(path)
        return found

    def _study(self, path: Path, modified: int, size: int) -> str:
        """The study of a file. Raises InputError, OSError."""
        of = (str(path), modified, size)
        if of not in self._read:
            if size > self._limits.file_bytes:
                told = {"megabytes": size / 2**20, "limit": self._limits.file_bytes / 2**20}
                raise TooLarge(sentence("io.file.too_large", **told))
            study = read_heading(path.read_bytes(), path.name).study.study_uid
            if not study:
                raise InputError(sentence("archive.no_study"))
            self._read[of] = study
        return self._read[of]


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
