"""What the reader drew on the X-ray at hand, as the browser sent it and it was checked."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashboard.state.session import Drawn, held, session
from mmbm.reading import MOST_MARKS, Mark, Reading

__all__ = ["MARKS_KEY", "drawn", "epoch", "load_marks", "reading", "take_marks"]

MARKS_KEY = "film-marks"


class Sent(BaseModel):
    """What the browser says; whoever can open the page can send anything."""

    model_config = ConfigDict(extra="forbid")

    epoch: str = Field(max_length=100)
    marks: tuple[Mark, ...] = Field(max_length=MOST_MARKS)


def drawn() -> Drawn:
    """The marks on the X-ray at hand; none yet where another file has come."""
    kept, now = session(), f"{epoch()}-{session().marks_loaded}"
    if kept.drawn is None or kept.drawn.epoch != now:
        kept.drawn = Drawn(now)
    return kept.drawn


def epoch() -> str:
    """Names the X-ray's file at hand, whichever of its frames; another file has another."""
    given, image = session().given, session().given.parts["image"]
    return f"{given.case}-{image.turn}-{image.files}"


def load_marks(marks: Sequence[Mark]) -> None:
    """Put marks that were kept elsewhere on the X-ray at hand, in place of those there."""
    session().marks_loaded += 1
    drawn().marks = tuple(marks)


def take_marks() -> None:
    """Callback: the reader changed the marks. What is of another X-ray or no mark is left."""
    value = held().get(MARKS_KEY) or {}
    try:
        sent = Sent.model_validate(value.get("drawn"))
    except ValidationError:
        return
    now = drawn()
    if sent.epoch == now.epoch:
        now.marks = sent.marks


def reading(of: Drawn, kept: Reading | None = None) -> Reading | None:
    """The reading with these marks, as it was kept otherwise; None where there is nothing in it."""
    if kept is not None:
        return kept.model_copy(update={"marks": of.marks})
    return Reading(reader="", comment="", marks=of.marks) if of.marks else None
