"""The page: question, inputs, findings, account and key image above, words below."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

from mmbm.report.form import CaseReport
from mmbm.report.key_image import KeyImage
from mmbm.report.pdf import said
from mmbm.report.pdf.flow import flow
from mmbm.report.pdf.parts import account, findings, inputs, key_images
from mmbm.report.pdf.sheet import BLACK, GREY, Sheet
from mmbm.text import Language, name_of, sentence, speaker

__all__ = ["page"]

LEFT, WIDE, END = 12.0, 186.0, 279.0  # mm
COLUMN, GAP = 112.0, 6.0  # of what stands beside the key image
LOWEST = 205.0  # where the upper half ends at the latest


def page(
    report: CaseReport,
    key: KeyImage | None,
    finding: str,
    *,
    language: Language,
    identified: bool,
    made: datetime | None,
    question: str = "",
) -> bytes:
    """One A4 page as PDF; what does not fit is cut and named.

    ``finding`` is the one whose account is drawn, ``question`` what the notes say. Raises
    ConfigError where a font is missing.
    """
    say = speaker(language)
    with closing(Sheet(language, made, report.model_dump_json() + question)) as sheet:
        sheet.pdf.set_title(say(sentence("report.title")))
        sheet.pdf.set_lang({"en": "en", "zh": "zh-CN"}[language])
        _head(sheet, report, say, identified, made)
        top = _question(sheet, report, say, question)
        wide = WIDE if key is None else COLUMN
        left = inputs(sheet, report, say, (LEFT, top), wide)
        left = findings(sheet, report, say, (LEFT, left + 2.5), wide, LOWEST - 45)
        left = account(sheet, report, finding, say, (LEFT, left + 2.5), wide)
        blocks = [said.reader(report, say), said.warnings(report, say)]
        limits = [said.limits(report, say)]
        if key is None:
            flow(sheet, blocks + limits, say, (LEFT, left + 3.5), wide, END)
        else:
            x, right = LEFT + COLUMN + GAP, WIDE - COLUMN - GAP
            below = key_images(sheet, report, key, say, (x, top), (right, LOWEST))
            flow(sheet, blocks, say, (LEFT, left + 3.5), wide, END)
            flow(sheet, limits, say, (x, below + 2.5), right, END)
        _foot(sheet, report, say)
        return sheet.content()


def _head(
    sheet: Sheet, report: CaseReport, say: said.Say, identified: bool, made: datetime | None
) -> None:
    """Title, notice, and whose case it is."""
    end = LEFT + WIDE
    notice = sheet.lines(say(sentence("report.notice")), 100, 9, bold=True)
    sheet.write(notice, (0, 11.5), 9, bold=True, colour=(170, 40, 20), right=end)
    sheet.write([say(sentence("report.title"))], (LEFT, 10), 14, bold=True)
    whose = said.whose(report, identified)
    words = [say(whose)]
    if made is not None:
        words.append(say(sentence("report.made", moment=f"{made:%Y-%m-%d %H:%M}")))
    line = sheet.cut(sheet.lines(" · ".join(words), WIDE, 8), 1, WIDE, 8)
    sheet.write(line, (LEFT, 17.2), 8, colour=GREY)
    sheet.rule(LEFT, 21.8, WIDE)


def _question(sheet: Sheet, report: CaseReport, say: said.Say, question: str) -> float:
    """What was asked of which parts, and the notes' beginning; four lines at most."""
    given = tuple(name_of("modality", m) for m, of in report.inputs.items() if of["present"])
    names = tuple(name_of("finding", f.name) for f in report.findings)
    asked = say(sentence("report.asked", parts=given, findings=names))
    if question:
        asked = f"{asked} {say(sentence('report.from_notes', text=question))}"
    head = say(sentence("report.question"))
    indent = sheet.width(head, 9, bold=True) + 4
    sheet.write([head], (LEFT, 23.8), 9, bold=True)
    lines = sheet.cut(sheet.lines(asked, WIDE - indent, 9), 4, WIDE - indent, 9)
    return sheet.write(lines, (LEFT + indent, 23.8), 9) + 3.0


def _foot(sheet: Sheet, report: CaseReport, say: said.Say) -> None:
    """Which model and program, and the notice once more."""
    model = report.model
    lines = [
        sentence("report.model", name=model.name, version=model.version, sha256=model.sha256),
        sentence(
            "report.program",
            mmbm=report.mmbm_version,
            device=report.device,
            schema=report.schema_version,
        ),
    ]
    sheet.rule(LEFT, END + 1.0, WIDE)
    y = END + 2.0
    for line in lines:
        fitting = sheet.cut(sheet.lines(say(line), WIDE, 7), 1, WIDE, 7)
        y = sheet.write(fitting, (LEFT, y), 7, colour=GREY)
    notice = [say(sentence("report.notice"))]
    sheet.write(notice, (LEFT, y), 7, bold=True, colour=BLACK)
