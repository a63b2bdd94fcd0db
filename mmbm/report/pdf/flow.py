"""Blocks of words below each other, in the largest type in which all of them fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mmbm.report.pdf.sheet import LEADING, Sheet
from mmbm.text import Say, sentence

__all__ = ["Block", "flow"]

SIZES = (8.5, 8.0, 7.5, 7.0, 6.5)  # points
AFTER = 2.2  # mm behind a block
INDENT = 3.0  # mm of a paragraph behind its dot


class Block(NamedTuple):
    """A heading and its paragraphs."""

    title: str
    paragraphs: Sequence[str]


def flow(
    sheet: Sheet,
    blocks: Sequence[Block],
    say: Say,
    at: tuple[float, float],
    width: float,
    end: float,
) -> None:
    """Set the blocks from ``at`` down to ``end``; what is cut is counted where it was."""
    x, y = at
    for size in SIZES:
        broken = [_broken(sheet, block, width, size) for block in blocks]
        leading = size * LEADING
        room = int((end - y - AFTER * len(blocks)) / leading) - len(blocks)
        if sum(map(len, broken)) <= room:
            break
    for block, lines, most in zip(blocks, broken, shared([*map(len, broken)], room), strict=True):
        y = sheet.write([sheet.shown(block.title)], (x, y), size, bold=True)
        kept = lines if len(lines) <= most else lines[: most - 1]
        for line, begins in kept:
            if begins:
                dot = 0.9
                sheet.pdf.set_fill_color(95, 105, 115)
                sheet.pdf.ellipse(x + 0.4, y + (leading - dot) / 2, dot, dot, style="F")
            y = sheet.write([line], (x + INDENT, y), size)
        if len(kept) < len(lines):
            told = say(sentence("report.cut", count=len(lines) - len(kept)))
            y = sheet.write([sheet.shown(told)], (x + INDENT, y), size, bold=True)
        y += AFTER


def _broken(sheet: Sheet, block: Block, width: float, size: float) -> list[tuple[str, bool]]:
    """The lines of a block, each with whether it begins a paragraph."""
    return [
        (line, number == 0)
        for paragraph in block.paragraphs
        for number, line in enumerate(sheet.lines(paragraph, width - INDENT, size))
    ]


def shared(wanted: Sequence[int], room: int) -> list[int]:
    """How many lines each block gets: the short ones all, the long ones the rest in equal parts."""
    given = [0] * len(wanted)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    for rank, i in enumerate(order):
        given[i] = min(wanted[i], max(2, room // (len(wanted) - rank)))
        room -= given[i]
    return given
