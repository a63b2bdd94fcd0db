"""Studies from the archive as cases: each one sorted out, read, and given its notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from mmbm.archive.config import ArchiveConfig
from mmbm.archive.connect import for_pulling
from mmbm.archive.notes import NotesByAccession
from mmbm.archive.query import Archive, FoundStudy, Query
from mmbm.archive.sort import Sorted, chosen, sort_out
from mmbm.archive.wanted import Declined, is_radiograph, modality_name
from mmbm.case import Case, Notes
from mmbm.errors import ArchiveError, InputError, TooLarge
from mmbm.io import read_notes, read_picture
from mmbm.text import Sentence, sentence

__all__ = ["Pulled", "PulledCase", "Refused", "case_of", "pull", "pull_each"]


@dataclass(frozen=True, slots=True)
class PulledCase:
    """One study as a case, with the files that it was read from."""

    case: Case = field(repr=False)
    film: bytes = field(repr=False)  # the DICOM file as it came
    note: bytes | None = field(repr=False)  # of the accession number, a text file
    said: tuple[Sentence, ...]  # what was chosen, and what of the study was not taken


@dataclass(frozen=True, slots=True)
class Refused:
    """One study without a chest X-ray that can be read, and why."""

    study_uid: str = field(repr=False)
    accession: str = field(repr=False)
    reason: Sentence


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a query brought. ``stopped``: why the archive brought no more; None: that was all."""

    cases: tuple[PulledCase, ...]
    refused: tuple[Refused, ...]
    stopped: Sentence | None = None


def pull(config: ArchiveConfig, query: Query) -> Pulled:
    """Everything that a query finds.

    Raises: ConfigError; ArchiveError where the archive cannot even be asked.
    """
    cases: list[PulledCase] = []
    refused: list[Refused] = []
    for found in pull_each(config, query):
        if isinstance(found, PulledCase):
            cases.append(found)
        elif isinstance(found, Refused):
            refused.append(found)
        else:
            return Pulled(tuple(cases), tuple(refused), found)
    return Pulled(tuple(cases), tuple(refused))


def pull_each(
    config: ArchiveConfig,
    query: Query,
    archive: Archive | None = None,
    *,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Iterator[PulledCase | Refused | Sentence]:
    """One study at a time; a sentence last, where the archive brought no more and why.

    Raises: as :func:`pull`.
    """
    archive = archive or for_pulling(config)
    notes = NotesByAccession(config.notes)
    told = archive.studies(query)  # an archive that passes over a condition tells of others
    wanted = [study for study in told if query.fits(study)][: config.most_studies]
    for done, study in enumerate(wanted):
        progress(done, len(wanted))
        try:
            yield _pulled(config, archive, study, notes)
        except ArchiveError as exc:
            yield exc.sentence
            return
    if len(told) > config.most_studies:
        yield sentence("archive.more_studies", limit=config.most_studies)


def _pulled(
    config: ArchiveConfig, archive: Archive, study: FoundStudy, notes: NotesByAccession
) -> PulledCase | Refused:
    """One study. Raises ArchiveError where the archive is gone."""
    files: list[bytes] = []
    left: list[Sentence] = []
    try:
        for series in archive.series(study):
            if not is_radiograph(series.modality):
                left.append(modality_name(series.modality))
                continue
            for content in archive.fetch(study, series):
                files.append(content)
                if len(files) > config.most_pictures:
                    raise TooLarge(sentence("archive.many_pictures", limit=config.most_pictures))
    except (Declined, TooLarge) as exc:  # of this study alone
        return Refused(study.study_uid, study.accession, exc.sentence)
    found = sort_out(files, study.study_uid)
    found = Sorted(found.films, tuple(dict.fromkeys([*left, *found.left])))
    return case_of(found, study, notes)


def case_of(found: Sorted, study: FoundStudy, notes: NotesByAccession) -> PulledCase | Refused:
    """The case of a study that is sorted out: the first film that can be decoded, and its notes."""
    left = list(found.left)
    for place, film in enumerate(found.films):
        try:
            picture = read_picture(film.content, "")
        except InputError as exc:
            left.append(exc.sentence)
            continue
        content, note, of_note = _note(notes, film.heading.study.accession)
        said = (*chosen(found.films[place:]), *_left(left), *of_note)
        return PulledCase(Case(picture, note), film.content, content, said)
    reason = sentence("archive.refused", what=tuple(left)) if left else sentence("archive.empty")
    return Refused(study.study_uid, study.accession, reason)


def _note(
    notes: NotesByAccession, accession: str
) -> tuple[bytes | None, Notes | None, tuple[Sentence, ...]]:
    """A note that cannot be read is said, and the film goes on without it."""
    try:
        content = notes.find(accession)
        note = None if content is None else read_notes(content, "notes.txt")
    except InputError as exc:
        return None, None, (sentence("archive.notes.without", reason=exc.sentence),)
    return content, note, ()


def _left(left: Sequence[Sentence]) -> tuple[Sentence, ...]:
    return (sentence("archive.left", what=tuple(left)),) if left else ()
