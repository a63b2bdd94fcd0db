"""Located evidence: where on a film, and when in a recording, people marked what they saw or heard.

In a manifest a cell of ``boxes`` is ``x0 y0 x1 y1`` in fractions of the film's width and height,
the top left corner 0 0; a cell of ``events`` is ``start end name``, in seconds, of a sound event
such as ``fine_crackles``. Several are parted by ``|``; a blank cell says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from mmbm.text import sentence

__all__ = ["Box", "Event", "box_mask", "event_mask", "read_boxes", "read_events", "written"]

NAME = re.compile(r"[a-z][a-z0-9_]*")


class Box(NamedTuple):
    """A rectangle on a film, in fractions of its width and height."""

    left: float
    top: float
    right: float
    bottom: float


class Event(NamedTuple):
    """A stretch of a recording, in seconds, and the sound event that was heard in it."""

    start: float
    end: float
    name: str


def read_boxes(cell: str) -> tuple[Box, ...]:
    """The boxes of one cell. Raises ValueError that says what is wrong with it."""
    boxes = []
    for part in _parts(cell):
        numbers = part.split()
        if len(numbers) != 4:
            raise ValueError(sentence("manifest.fault.box_numbers"))
        box = Box(*(_number(n) for n in numbers))
        if not (0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1):
            raise ValueError(sentence("manifest.fault.box_order"))
        boxes.append(box)
    return tuple(boxes)


def read_events(cell: str) -> tuple[Event, ...]:
    """The events of one cell. Raises ValueError that says what is wrong with it."""
    events = []
    for part in _parts(cell):
        words = part.split()
        if len(words) != 3 or not NAME.fullmatch(words[2]):
            raise ValueError(sentence("manifest.fault.event"))
        event = Event(_number(words[0]), _number(words[1]), words[2])
        if not 0 <= event.start < event.end:
            raise ValueError(sentence("manifest.fault.event_order"))
        events.append(event)
    return tuple(events)


def written(marks: Iterable[Box | Event]) -> str:
    """Boxes or events as the cell that reads back as them, to a ten-thousandth."""
    return "|".join(
        " ".join(v if isinstance(v, str) else f"{v:.4f}".rstrip("0").rstrip(".") for v in mark)
        for mark in marks
    )


def box_mask(boxes: Iterable[Box], height: int, width: int) -> Tensor:
    """(height, width) float32 in [0, 1]: how much of each cell of a film lies in a box."""
    mask = torch.zeros(height, width)
    for box in boxes:
        rows = _covered(box.top * height, box.bottom * height, height)
        columns = _covered(box.left * width, box.right * width, width)
        mask = torch.maximum(mask, rows[:, None] * columns)
    return mask


def event_mask(events: Iterable[Event], names: Iterable[str], samples: int, rate: int) -> Tensor:
    """(samples,) float32, 1 while one of the named events sounds."""
    wanted, mask = set(names), torch.zeros(samples)
    for event in events:
        if event.name in wanted:
            mask[round(event.start * rate) : round(event.end * rate)] = 1
    return mask


def _parts(cell: str) -> list[str]:
    return cell.split("|") if cell.strip() else []


def _number(text: str) -> float:
    value = float(text) if re.fullmatch(r"\d*\.?\d+([eE]-?\d+)?", text) else None
    if value is None:
        raise ValueError(sentence("manifest.fault_number", text=text[:20]))
    return value


def _covered(start: float, end: float, cells: int) -> Tensor:
    """(cells,) what part of each lies between ``start`` and ``end``, counted in cells."""
    edges = torch.arange(cells, dtype=torch.float32)
    return ((edges + 1).clamp(max=end) - edges.clamp(min=start)).clamp(0, 1)
