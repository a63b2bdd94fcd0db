"""One part of a Word document (body, header, footnotes) as the lines that its reader sees.

A parser target: tracked insertions count, deletions do not; hidden and struck text is left out and
remembered; a text box follows the paragraph it is anchored to. Elements are told by their local
names, which Strict and Transitional Office Open XML share (ECMA-376, ISO/IEC 29500).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import hexdigits

from mmbm.errors import TooLarge
from mmbm.io.markup import named
from mmbm.io.word_left_out import LeftOut
from mmbm.io.word_symbols import plain_symbols
from mmbm.text import sentence

__all__ = ["Story"]

_SKIPPED_NAMES = (
    "instrText delText delInstrText pPrChange rPrChange sectPrChange tblPrChange tcPrChange "
    "trPrChange tblGridChange tblPrExChange numberingChange rt docPartBody binData"
)
_PICTURE_NAMES = "pic imagedata OLEObject chart relIds contentPart movie"
_SKIPPED, _PICTURES = (frozenset(n.split()) for n in (_SKIPPED_NAMES, _PICTURE_NAMES))
_GONE = frozenset(("del", "moveFrom"))
_NOTES = ("footnoteReference", "endnoteReference")
_OFF = ("0", "false", "off", "none")


@dataclass(slots=True)
class _Run:
    hidden: bool | None = None  # by itself; None: as its style
    style_hidden: bool = False
    struck: bool = False
    font: str = ""


@dataclass(slots=True)
class _Row:
    cells: list[str] = field(default_factory=list)
    gone: bool = False


class Story:
    """Takes the events of one part; ``lines`` is what was seen."""

    def __init__(
        self,
        most: int,
        hidden_styles: frozenset[str],
        left_out: LeftOut,
        imported: Callable[[str], str],
    ) -> None:
        self.lines: list[str] = []
        self.notes: list[str] = []  # ids of the footnotes and endnotes, in order
        self.sections: list[dict[str, str]] = []  # "header default" -> relationship
        self._most, self._length = most, 0
        self._hidden_styles = hidden_styles
        self._left_out = left_out
        self._imported = imported
        self._path: list[str] = []
        self._skip = 0
        self._blocks: list[list[str]] = [self.lines]  # body, cell or box that is being filled
        self._paragraphs: list[list[str]] = []
        self._paragraph_hidden: list[bool] = []
        self._carried: list[bool] = []  # the paragraph's mark is deleted: it goes on in the next
        self._boxes: list[str] = []
        self._runs: list[_Run] = []
        self._rows: list[_Row] = []
        self._cells_gone: list[bool] = []
        self._fields: list[bool] = []  # for each open field: its code, not its result, is read
        self._choices: list[bool] = []
        self._controls: list[bool] = []  # for each content control: only its prompt is shown
        self._form: list[str] = []  # of a legacy form field: its tick, or its entries
        self._joined = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        name = tag.rpartition("}")[2]
        parent = self._path[-1] if self._path else ""
        if self._skip or self._begins_skip(name, parent):
            self._skip += 1
            return
        self._path.append(name)
        values = {key.rpartition("}")[2]: value for key, value in attributes.items()}
        if name in _OPENERS:
            _OPENERS[name](self)
        elif parent in ("rPr", "trPr", "tcPr", "pPr", "sdtPr", "sectPr", "checkBox", "ddList"):
            self._property(name, parent, values)
        elif parent == "r":
            self._in_run(name, values)
        elif name == "altChunk":
            self._add_lines(self._imported(values.get("id", "")))
        elif name == "subDoc":
            self._left_out.linked = True
        elif name in ("footnote", "endnote") and values.get("type", "normal") != "normal":
            self._path.pop()
            self._skip = 1
        if name in _PICTURES:
            self._left_out.pictures = True

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._skip:
            self._skip -= 1
            return
        name = self._path.pop()
        if name in _CLOSERS:
            _CLOSERS[name](self)

    def data(self, text: str) -> None:
        """Characters; only those of a text element count."""
        if not self._skip and self._path and self._path[-1] == "t" and self._paragraphs:
            self._write(text)

    def close(self) -> None:
        """The part ends."""
        self.lines += [self._joined] if self._joined else []

    def _begins_skip(self, name: str, parent: str) -> bool:
        if name in _SKIPPED:
            return True
        if name in _GONE:
            return parent not in ("rPr", "trPr")  # there it is a mark of its paragraph or row
        if name in ("Choice", "Fallback") and self._choices:
            seen, self._choices[-1] = self._choices[-1], True
            return seen
        if name == "sdtContent" and self._controls and self._controls[-1]:
            self._left_out.unfilled = True
            return True
        return False

    def _property(self, name: str, parent: str, values: Mapping[str, str]) -> None:
        on = values.get("val", "1").lower() not in _OFF
        owner = self._path[-3] if len(self._path) > 2 else ""
        if parent == "rPr" and owner == "pPr":
            if name in _GONE and self._carried:
                self._carried[-1] = True
        elif parent == "rPr" and self._runs:
            run = self._runs[-1]
            if name in ("vanish", "specVanish"):
                run.hidden = on
            elif name in ("strike", "dstrike"):
                run.struck = on
            elif name == "rFonts":
                run.font = values.get("ascii", values.get("hAnsi", ""))
            elif name == "rStyle":
                run.style_hidden = values.get("val", "") in self._hidden_styles
        elif name == "pStyle" and self._paragraph_hidden:
            self._paragraph_hidden[-1] = values.get("val", "") in self._hidden_styles
        elif parent == "trPr" and (name in _GONE or (name == "hidden" and on)) and self._rows:
            self._rows[-1].gone = True
            self._left_out.hidden |= name == "hidden"
        elif name == "cellDel" or (name == "vMerge" and values.get("val") != "restart"):
            self._cells_gone[-1:] = [True]
        elif name == "showingPlcHdr" and on and self._controls:
            self._controls[-1] = True
        elif name == "titlePg":
            self.sections[-1]["title"] = "1" if on else ""
        elif name in ("headerReference", "footerReference"):
            kind = f"{name.removesuffix('Reference')} {values.get('type', 'default')}"
            self.sections[-1][kind] = values.get("id", "")
        elif parent == "checkBox" and name in ("default", "checked"):
            self._form = ["☒" if on else "☐"]
        elif parent == "ddList" and name in ("result", "listEntry"):
            self._form.append(("#" if name == "result" else "") + values.get("val", ""))

    def _in_run(self, name: str, values: Mapping[str, str]) -> None:
        if name in ("tab", "ptab"):
            self._write("\t")
        elif name in ("br", "cr"):
            self._write("\n")
        elif name == "noBreakHyphen":
            self._write("-")
        elif name == "sym":
            code = values.get("char", "")
            known = len(code) == 4 and all(digit in hexdigits for digit in code)
            self._write(chr(int(code, 16)) if known else "\uf000", values.get("font", ""))
        elif name in _NOTES:
            self.notes.append(f"{name[0]}{values.get('id', '')}")
        elif name == "commentReference":
            self._left_out.comments = True
        elif name == "fldChar":
            self._field(values.get("fldCharType", ""))

    def _field(self, kind: str) -> None:
        if kind == "begin":
            self._fields.append(True)
        elif kind == "separate" and self._fields:
            self._fields[-1] = False
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _write(self, text: str, font: str = "", *, always: bool = False) -> None:
        run = self._runs[-1] if self._runs else _Run()
        if not self._paragraphs or (any(self._fields) and not always):
            return
        styled = run.style_hidden or (bool(self._paragraph_hidden) and self._paragraph_hidden[-1])
        if run.hidden if run.hidden is not None else styled:
            self._left_out.hidden |= not text.isspace()
            return
        if run.struck:
            self._left_out.struck |= not text.isspace()
            return
        text = plain_symbols(text, font or run.font)
        self._left_out.unknown_symbols |= "\ufffd" in text
        self._count(text)
        self._paragraphs[-1].append(text)

    def _count(self, text: str) -> None:
        self._length += len(text)
        if self._length > self._most:
            what = named("word")
            raise TooLarge(sentence("io.document.too_long", document=what, limit=self._most))

    def _add_lines(self, text: str) -> None:
        self._count(text)
        self._blocks[-1].append(text)

    def _open_paragraph(self) -> None:
        self._paragraphs.append([])
        self._paragraph_hidden.append(False)
        self._carried.append(False)

    def _close_paragraph(self) -> None:
        line = "".join(self._paragraphs.pop())
        self._paragraph_hidden.pop()
        if not self._paragraphs:
            line, self._joined = self._joined + line, ""
        if self._fields and all(self._fields):
            self._fields.clear()  # a field that never ended, or all would be lost
        if self._carried.pop() and not self._paragraphs:
            self._joined = line
            return
        self._blocks[-1].append(line)
        if not self._paragraphs and self._boxes:
            boxes, self._boxes = self._boxes, []
            self._blocks[-1] += boxes

    def _open_run(self) -> None:
        self._runs.append(_Run(hidden=True if self._runs and self._runs[-1].hidden else None))

    def _open_block(self) -> None:
        self._blocks.append([])

    def _close_box(self) -> None:
        self._boxes += self._blocks.pop()

    def _open_cell(self) -> None:
        self._cells_gone.append(False)
        self._open_block()

    def _close_cell(self) -> None:
        lines = self._blocks.pop()
        text = " ".join(" ".join(lines).split("\n")).strip()
        if self._rows:
            self._rows[-1].cells.append("" if self._cells_gone[-1] else text)
        self._cells_gone.pop()

    def _close_row(self) -> None:
        row = self._rows.pop()
        if not row.gone:
            self._blocks[-1].append("\t".join(row.cells).rstrip("\t"))

    def _close_form(self) -> None:
        form = self._form
        if form and form[0] in ("☒", "☐"):
            self._write(form[0], always=True)
            return
        entries = [entry for entry in form if not entry.startswith("#")]
        chosen = next((entry[1:] for entry in form if entry.startswith("#")), "0")
        if entries and chosen.isdecimal() and int(chosen[:4]) < len(entries):
            self._write(entries[int(chosen[:4])], always=True)


_OPENERS: dict[str, Callable[[Story], None]] = {
    "p": Story._open_paragraph,
    "r": Story._open_run,
    "tc": Story._open_cell,
    "tr": lambda story: story._rows.append(_Row()),
    "txbxContent": Story._open_block,
    "AlternateContent": lambda story: story._choices.append(False),
    "sdt": lambda story: story._controls.append(False),
    "sectPr": lambda story: story.sections.append({}),
    "ffData": lambda story: story._form.clear(),
}
_CLOSERS: dict[str, Callable[[Story], object]] = {
    "p": Story._close_paragraph,
    "r": lambda story: story._runs.pop(),
    "tc": Story._close_cell,
    "tr": Story._close_row,
    "txbxContent": Story._close_box,
    "AlternateContent": lambda story: story._choices.pop(),
    "sdt": lambda story: story._controls.pop(),
    "num": lambda story: story._write("/"),  # of a fraction
    "ffData": Story._close_form,
}
