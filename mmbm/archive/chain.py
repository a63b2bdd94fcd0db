"""From the archive, or the watched folder, into the store: a study becomes a case, once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmbm.archive.config import ArchiveConfig
from mmbm.archive.inbox import Arrived, Inbox
from mmbm.archive.notes import NotesByAccession
from mmbm.archive.pull import PulledCase, Refused, case_of, pull_each
from mmbm.archive.query import Archive, FoundStudy, Query
from mmbm.archive.sort import sort_out
from mmbm.errors import TooLarge
from mmbm.store import Given
from mmbm.text import Sentence

if TYPE_CHECKING:
    from mmbm.store.store import Store

__all__ = ["WHO", "Kept", "keep", "pull_into", "take_arrived"]

WHO = "archive"  # in the audit
FILM, NOTE = "film.dcm", "notes.txt"  # the names that the archive's own files get


@dataclass(frozen=True, slots=True)
class Kept:
    """A study that is a stored case now, or was one before."""

    case_id: str
    said: tuple[Sentence, ...]


def keep(store: Store, made: PulledCase, source: str, who: str = WHO) -> Kept:
    """Store a case; one X-ray is one case, however often and by whatever way it comes.

    Raises: StoreError.
    """
    parts = {"image": Given(name=FILM, content=made.film)}
    if made.note is not None:
        parts["notes"] = Given(name=NOTE, content=made.note)
    image = made.case.image
    instance = "" if image is None else image.study.instance_uid
    key = hashlib.sha256(f"DICOM {instance}".encode()).hexdigest() if instance else ""
    case_id = store.add_case(parts, case=made.case, source=source, key=key, who=who)
    store.log("pull", case_id, who)
    return Kept(case_id, made.said)


def pull_into(
    store: Store,
    config: ArchiveConfig,
    query: Query,
    archive: Archive | None = None,
    *,
    who: str = WHO,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Iterator[Kept | Refused | Sentence]:
    """Each study of a query, stored before the next is asked for; a sentence last where the
    archive brought no more, and why.

    ``who`` asks, for the audit; ``progress`` is told how many studies of how many are done.

    Raises: ConfigError, ArchiveError, StoreError.
    """
    for found in pull_each(config, query, archive, progress=progress):
        if isinstance(found, PulledCase):
            yield keep(store, found, config.source, who)
        else:
            yield found


def take_arrived(store: Store, config: ArchiveConfig, inbox: Inbox) -> Iterator[Kept | Refused]:
    """Each study of the watched folder that came to rest, stored before its files are put aside.

    What another program takes from the folder meanwhile is left to it.

    Raises: ConfigError, StoreError.
    """
    notes = NotesByAccession(config.notes)
    for arrived in inbox.arrived():
        if arrived.reason is not None:
            inbox.done(arrived, taken=False)
            yield Refused("", "", arrived.reason)
            continue
        study = FoundStudy(arrived.study_uid)
        try:
            found = _sorted(arrived, study, notes, config.most_pictures)
        except FileNotFoundError:  # another looks into the same folder
            continue
        taken = isinstance(found, PulledCase)
        outcome = keep(store, found, config.source) if isinstance(found, PulledCase) else found
        inbox.done(arrived, taken=taken)
        yield outcome


def _sorted(
    arrived: Arrived, study: FoundStudy, notes: NotesByAccession, most: int
) -> PulledCase | Refused:
    """A study's case. Raises FileNotFoundError where one of its files is gone."""
    try:
        return case_of(sort_out(arrived.files(), study.study_uid, most), study, notes)
    except TooLarge as exc:
        return Refused(study.study_uid, "", exc.sentence)
