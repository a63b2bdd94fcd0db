"""Settings that every branch has, and the fields of one that is made of numbers."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import pydantic

from mmbm.config import Name, Settings, distinct

__all__ = ["BranchSettings", "Field"]


class BranchSettings(Settings):
    """Settings of one branch; subclasses add their own."""

    events: Annotated[
        tuple[Name, ...],
        pydantic.Field(max_length=256),
        pydantic.FailFast(),
        pydantic.AfterValidator(distinct),
    ] = ()
    """Labels of a second head, which reads this branch's feature alone; empty: no such head."""


class Field(NamedTuple):
    """A measurement by its name, with its unit and what it can be."""

    name: str  # of its column, and its key
    label: str  # for the reader
    unit: str
    low: float  # outside these two a value is refused
    high: float
    step: float = 1.0
