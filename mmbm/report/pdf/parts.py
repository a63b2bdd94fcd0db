"""The upper half of the page: inputs, findings, the account as bars, the key image."""

from __future__ import annotations

import math
from typing import Any

from PIL import Image

from mmbm.reading import Mark
from mmbm.report.form import CaseReport, FindingEntry
from mmbm.report.key_image import KeyImage
from mmbm.report.pdf.said import answer
from mmbm.report.pdf.sheet import BLACK, GREY, LEADING, Colour, Sheet
from mmbm.text import Say, Sentence, name_of, sentence

__all__ = ["account", "findings", "inputs", "key_images"]

RAISES, LOWERS = (230, 97, 0), (26, 133, 255)
MARKED = (255, 214, 10)  # what a reader drew
TITLE, TEXT, SMALL = 9.5, 8.5, 7.5  # points
MOST_INPUTS, MOST_BARS = 6, 7
SHARES = (0.27, 0.14, 0.16, 0.28, 0.15)  # of the findings' columns
Point = tuple[float, float]


def _title(sheet: Sheet, said: Sentence, say: Say, at: Point, width: float) -> float:
    """A heading in one line, with a rule below."""
    line = sheet.cut(sheet.lines(say(said), width, TITLE, bold=True), 1, width, TITLE, bold=True)
    y = sheet.write(line, at, TITLE, bold=True)
    sheet.rule(at[0], y + 0.4, width)
    return y + 1.2


def inputs(sheet: Sheet, report: CaseReport, say: Say, at: Point, width: float) -> float:
    """What was given, and what was missing."""
    y = _title(sheet, sentence("report.inputs"), say, at, width)
    indent = width * 0.3
    for modality, of in list(report.inputs.items())[:MOST_INPUTS]:
        name = sheet.lines(say(name_of("modality", modality)), indent - 2, TEXT)
        told = sheet.lines(say(_given(of)), width - indent, TEXT)
        sheet.write(sheet.cut(name, 1, indent - 2, TEXT), (at[0], y), TEXT)
        colour = BLACK if of["present"] else (170, 40, 20)
        y = sheet.write(
            sheet.cut(told, 2, width - indent, TEXT), (at[0] + indent, y), TEXT, colour=colour
        )
    return y


def _given(of: dict[str, Any]) -> Sentence:
    """What a report says of one part, shortly."""
    if not of["present"]:
        return sentence("report.missing")
    kind = str(of.get("format", ""))
    facts: list[Sentence | str] = [kind] if kind.isupper() else []
    if of.get("width") and of.get("height"):
        facts.append(sentence("report.pixels", width=of["width"], height=of["height"]))
    if of.get("characters"):
        facts.append(sentence("report.characters", count=of["characters"]))
    if of.get("seconds"):
        facts.append(sentence("report.seconds", count=of["seconds"]))
    if not facts:
        return sentence("report.given_plain")
    told = facts[0]
    for fact in facts[1:]:
        told = sentence("report.facts", first=told, last=fact)
    return sentence("report.given", facts=told)


def findings(
    sheet: Sheet, report: CaseReport, say: Say, at: Point, width: float, lowest: float
) -> float:
    """One row a finding, as many as fit above ``lowest``; the rest are counted."""
    y = _title(sheet, sentence("report.findings"), say, at, width)
    heads = (
        sentence("report.finding"),
        sentence("report.probability"),
        sentence("report.answer_at", level=report.trust.level),
        sentence("report.standing"),
        sentence("report.reader"),
    )
    y = _row(sheet, [say(head) for head in heads], (at[0], y), width, SMALL, GREY)
    for number, finding in enumerate(report.findings):
        if y > lowest:
            left = len(report.findings) - number
            more = sheet.lines(say(sentence("report.more_findings", count=left)), width, SMALL)
            return sheet.write(more, (at[0], y), SMALL, bold=True)
        cells = [say(name_of("finding", finding.name)), f"{finding.probability:.1%}"]
        cells += [say(answer(report.trust.answers[finding.name].verdict))]
        cells += [say(sentence(f"status.{finding.status}")), say(_decided(report, finding))]
        y = _row(sheet, cells, (at[0], y), width, TEXT, BLACK)
    return y


def _decided(report: CaseReport, finding: FindingEntry) -> Sentence:
    made = report.reading and report.reading.decision(finding.name)
    return answer(made.final if made else None)


def _row(
    sheet: Sheet, cells: list[str], at: Point, width: float, size: float, colour: Colour
) -> float:
    """Cells side by side, each of three lines at most; returns where the tallest ends."""
    x, ends = at[0], [at[1]]
    for cell, share in zip(cells, SHARES, strict=True):
        wide = width * share
        lines = sheet.cut(sheet.lines(cell, wide - 2, size), 3, wide - 2, size)
        ends.append(sheet.write(lines, (x, at[1]), size, colour=colour))
        x += wide
    return max(ends) + 0.6


def account(
    sheet: Sheet, report: CaseReport, finding: str, say: Say, at: Point, width: float
) -> float:
    """The base and each contribution of a finding as bars to the right or left of zero."""
    of = next(entry for entry in report.findings if entry.name == finding)
    name = name_of("finding", finding)
    y = _title(sheet, sentence("report.account", finding=name), say, at, width)
    rows = [(sentence("report.base"), of.base)]
    moved = sorted(of.contributions.items(), key=lambda item: -abs(item[1]))[:MOST_BARS]
    shown = dict(moved)
    rows += [(name_of("modality", m), v) for m, v in of.contributions.items() if m in shown]
    rows.append((sentence("report.sum"), of.logit))
    low, high = (pick(0.0, pick(value for _, value in rows)) for pick in (min, max))
    label, figures = width * 0.3, 16.0
    scale = (width - label - figures) / max(high - low, 1e-6)
    zero, height = at[0] + label - low * scale, TEXT * LEADING
    begins = y
    for number, (said, value) in enumerate(rows):
        whole = number == len(rows) - 1
        named = sheet.cut(sheet.lines(say(said), label - 2, TEXT, whole), 1, label - 2, TEXT, whole)
        sheet.write(named, (at[0], y), TEXT, bold=whole)
        colour = GREY if number == 0 or whole else RAISES if value >= 0 else LOWERS
        sheet.bar(zero, y + 0.5, value * scale, height - 0.6, colour)
        told = f"{value:+.3f}".replace("-", "−")
        sheet.write([told], (0, y), TEXT, bold=whole, right=at[0] + width)
        y += height + 0.5
    sheet.pdf.set_draw_color(*GREY)
    sheet.pdf.line(zero, begins, zero, y)
    read = sentence("report.account_read", probability=of.probability)
    lines = sheet.cut(sheet.lines(say(read), width, SMALL), 3, width, SMALL)
    return sheet.write(lines, (at[0], y + 0.5), SMALL, colour=GREY)


def key_images(
    sheet: Sheet, report: CaseReport, key: KeyImage, say: Say, at: Point, within: Point
) -> float:
    """The picture with the reader's marks and, below, with the map; returns where they end."""
    width, lowest = within
    drawn = [key.plain] if key.mapped is None else [key.plain, key.mapped]
    sheet.pdf.set_image_filter("DCTDecode")
    part, (tall, wide) = name_of("modality", key.modality), key.plain.shape[:2]
    marks = _marks(report, key.modality)
    says = [sentence("report.plain_image" if marks else "report.plain_image_only", part=part)]
    says.append(sentence("report.mapped_image", finding=name_of("finding", key.finding)))
    captions = [sheet.lines(say(each), width, SMALL) for each in says[: len(drawn)]]
    captions = [sheet.cut(lines, 3, width, SMALL) for lines in captions]
    words = sum(len(lines) for lines in captions) * SMALL * LEADING + 3.0 * len(drawn)
    high = min((lowest - at[1] - words) / len(drawn), width * tall / wide, 88.0)
    across = high * wide / tall
    y = at[1]
    for number, (picture, caption) in enumerate(zip(drawn, captions, strict=True)):
        x = at[0] + (width - across) / 2
        sheet.pdf.image(Image.fromarray(picture), x, y, across, high)
        if number == 0:
            for mark in marks:
                _mark(sheet, mark, (x, y), (across, high))
        y = sheet.write(caption, (at[0], y + high + 0.6), SMALL, colour=GREY) + 2.0
    return y


def _marks(report: CaseReport, modality: str) -> list[Mark]:
    """What the reader drew on the frame that is shown."""
    frame = report.inputs[modality].get("frame", 0)
    return [m for m in report.reading.marks if m.frame == frame] if report.reading else []


def _mark(sheet: Sheet, mark: Mark, corner: Point, size: Point) -> None:
    """Draw one mark over the picture."""
    pdf = sheet.pdf
    pdf.set_draw_color(*MARKED)
    pdf.set_line_width(0.5)
    points = [
        (corner[0] + min(max(x, 0), 1) * size[0], corner[1] + min(max(y, 0), 1) * size[1])
        for x, y in mark.points
    ]
    (left, top), (right, bottom) = points[0], points[-1]
    if mark.kind == "box":
        box = (min(left, right), min(top, bottom), abs(right - left), abs(bottom - top))
        pdf.rect(*box)
    else:
        pdf.polyline(points)
    if mark.kind == "arrow":
        way = math.atan2(bottom - top, right - left)
        for turn in (2.6, -2.6):
            pdf.line(
                right, bottom, right + 2 * math.cos(way + turn), bottom + 2 * math.sin(way + turn)
            )
    if mark.text:
        room = corner[0] + size[0] - min(left, corner[0] + size[0] - 12)
        lines = sheet.cut(sheet.lines(mark.text, room, 7, bold=True), 1, room, 7, bold=True)
        sheet.write(lines, (corner[0] + size[0] - room, top), 7, bold=True, colour=MARKED)
