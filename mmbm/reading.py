"""A reading: what the reader decided of a case, and what he drew on its X-ray.

It stands beside the model's answers in the store, the report and every export, and never in place
of them.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["LONGEST_TEXT", "MOST_MARKS", "Act", "Answer", "Decision", "Mark", "MarkKind", "Reading"]

Answer = Literal["yes", "no", "not sure"]
Act = Literal["agree", "change", "override"]
MarkKind = Literal["box", "arrow", "text", "length", "angle"]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
POINTS: dict[MarkKind, int] = {"box": 2, "arrow": 2, "text": 1, "length": 2, "angle": 3}
MOST_MARKS, LONGEST_TEXT = 500, 2000


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mark(_Frozen):
    """One drawing of the reader on the upright X-ray.

    ``points`` are (x, y) as fractions of its width and height, from the left upper corner: a box
    has two opposite corners, an arrow its tail and its head, a text its place, a length two ends,
    an angle its first end, its vertex and its other end.
    """

    kind: MarkKind
    points: tuple[tuple[Fraction, Fraction], ...] = Field(min_length=1, max_length=3)
    text: str = Field("", max_length=LONGEST_TEXT)
    frame: int = Field(0, ge=0)

    @model_validator(mode="after")
    def has_its_points(self) -> Self:
        """Raises ValueError where a mark of this kind has another number of points."""
        if len(self.points) != POINTS[self.kind]:
            raise ValueError(f"a {self.kind} has {POINTS[self.kind]} points")
        return self


class Decision(_Frozen):
    """The reader's answer to one finding.

    ``first`` was given before the model's answer was seen; None where the model was seen first.
    ``act``: the final answer is that of the model and of ``first`` (agree), was changed to the
    model's (change), or stands against the model's for a ``reason`` (override).
    """

    finding: str
    first: Answer | None = None
    final: Answer | None = None  # None: not decided yet
    act: Act | None = None  # None: the model was not seen yet, or gives no answer
    reason: str = Field("", max_length=LONGEST_TEXT)


class Reading(_Frozen):
    """One reader's decisions on one case, with his marks; times are UTC."""

    reader: str = Field("", max_length=200)  # as he calls himself, or by his login
    decisions: tuple[Decision, ...] = ()
    marks: tuple[Mark, ...] = Field((), max_length=MOST_MARKS)
    comment: str = Field("", max_length=LONGEST_TEXT)
    locked_at: datetime | None = None  # when the first answers were fixed, before the model's
    decided_at: datetime | None = None  # when the final answers were given
    follow_up: date | None = None  # when the patient is to be seen again

    def decision(self, finding: str) -> Decision | None:
        """On one finding; None where there is none."""
        return next((made for made in self.decisions if made.finding == finding), None)
