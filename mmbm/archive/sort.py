"""Which picture of a study is the chest X-ray to read, and what the others are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mmbm.archive.wanted import is_radiograph, modality_name
from mmbm.errors import InputError, TooLarge
from mmbm.io import read_heading
from mmbm.io.header import of_the_chest
from mmbm.patient import Heading
from mmbm.text import Sentence, sentence

__all__ = ["Film", "Sorted", "chosen", "sort_out", "why_left"]

_STANDING_VIEW = "PA"  # the model's films are mostly of this view; AP is taken where there is none


@dataclass(frozen=True, slots=True)
class Film:
    """One frontal chest X-ray: its file, and what the file says it is."""

    content: bytes = field(repr=False)
    heading: Heading


@dataclass(frozen=True, slots=True)
class Sorted:
    """The frontal chest X-rays of a study, the one to read first; and what else there is."""

    films: tuple[Film, ...]
    left: tuple[Sentence, ...]


def sort_out(files: Iterable[bytes], study_uid: str, most: int | None = None) -> Sorted:
    """Sort a study's files by their headings, each read in the sandbox.

    An original goes before a derived picture or a secondary capture, one to be looked at before
    one for processing, PA before another frontal view; then the numbers of series and picture
    decide. What names no body part counts as a chest X-ray: its header does not say otherwise.

    Raises: TooLarge where more than ``most`` are frontal chest X-rays.
    """
    films: list[Film] = []
    left: list[Sentence] = []
    for content in files:
        try:
            heading = read_heading(content, "")
        except InputError as exc:
            left.append(exc.sentence)
            continue
        reason = why_left(heading, study_uid)
        if reason is None:
            films.append(Film(content, heading))
            if most is not None and len(films) > most:
                raise TooLarge(sentence("archive.many_pictures", limit=most))
        else:
            left.append(reason)
    return Sorted(tuple(sorted(films, key=_order)), tuple(dict.fromkeys(left)))


def why_left(heading: Heading, study_uid: str) -> Sentence | None:
    """Why a picture is not read, in words; None for a frontal chest X-ray of this study."""
    if heading.study.study_uid != study_uid:
        return sentence("archive.left.other_study")
    if not is_radiograph(heading.modality):
        return modality_name(heading.modality)
    if not heading.rows:
        return sentence("archive.left.no_picture")
    if heading.body_part and not of_the_chest(heading.body_part):
        return sentence("archive.left.body_part", body_part=heading.body_part)
    if heading.lateral:
        return sentence("archive.left.lateral")
    return None


def chosen(films: Sequence[Film]) -> tuple[Sentence, ...]:
    """What is to be said of the first of these having been taken."""
    first = films[0].heading
    says = []
    if len(films) > 1:
        says.append(sentence("archive.chosen", count=len(films), view=first.view or "?"))
    if first.derived:
        says.append(sentence("archive.derived"))
    if not first.body_part:
        says.append(sentence("archive.body_part_unstated"))
    return tuple(says)


def _order(film: Film) -> tuple[bool, bool, bool, int, int, str]:
    of = film.heading
    return (
        of.derived,
        of.for_processing,
        of.view != _STANDING_VIEW,
        of.series_number,
        of.instance_number,
        of.study.instance_uid,
    )
