"""A sheet of A4 paper with text that is broken into lines, and with what does not fit named."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

from fpdf import FPDF
from fpdf.fonts import TTFFont

from mmbm.errors import ConfigError
from mmbm.report.pdf.fonts import Face, chinese_face, latin_face
from mmbm.text import Language, sentence

__all__ = ["BLACK", "GREY", "LEADING", "RULE", "Colour", "Sheet"]

Colour = tuple[int, int, int]
BLACK, GREY, RULE = (25, 30, 35), (95, 105, 115), (205, 210, 216)
LEADING = 0.44  # mm of a line for each point of its size
POINT = 25.4 / 72  # mm
_PIECES = re.compile(  # a word, or one Chinese character, with what may not begin a line behind it
    r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef][、。，；：？！）】》”’%）]*\s*"
    r"|(?:[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|\u00a0)+[、。，；：？！）】》”’]*\s*"
)
_NEVER_PARTED = re.compile(  # blanks between a number and its sign or unit: < 1 %, 12.5 s
    r"(?<=[<>≤≥±×]) (?=\d)|(?<=\d) (?=×|(?:%|‰|[mck]?m|px|m?s|min|k?Hz|[kMG]B)(?![^\W_]))"
)
_FAR = datetime(2000, 1, 1, tzinfo=UTC)  # the file's own date, of a page that names none


class Sheet:
    """One page; places are in mm from its left upper corner."""

    def __init__(self, language: Language, made: datetime | None, text: str = "") -> None:
        """``made`` goes into the file's properties; ``text`` is all that the page may say of it.

        Raises ConfigError where a font is missing.
        """
        self.pdf = FPDF(format="A4")
        self.pdf.set_auto_page_break(False)
        self.pdf.c_margin = 0.0
        self.pdf.set_creation_date(made or _FAR)
        self._family = "chinese" if language == "zh" else "latin"
        self._known: frozenset[int] = frozenset()
        self._add("latin", latin_face())
        if language == "zh" or any(ord(c) not in self._known for c in text if c.isprintable()):
            try:
                self._add_chinese(language)
            except ConfigError:
                self.close()
                raise
        self._widths: dict[tuple[str, float, bool], float] = {}
        self.pdf.add_page()

    def _add_chinese(self, language: Language) -> None:
        chinese = chinese_face()
        if chinese is not None:
            self._add("chinese", chinese)
            self.pdf.set_fallback_fonts(["latin" if language == "zh" else "chinese"])
        elif language == "zh":
            raise ConfigError(sentence("report.font_missing"))

    def _add(self, family: str, face: Face) -> None:
        self.pdf.add_font(family, "", face.regular, collection_font_number=face.number)
        self.pdf.add_font(family, "B", face.bold, collection_font_number=face.number)
        fonts = (font for font in self.pdf.fonts.values() if isinstance(font, TTFFont))
        self._known = frozenset[int]().union(*(font.cmap for font in fonts))

    def shown(self, text: str) -> str:
        """A text without line breaks and controls; a box for what no font has."""
        kept = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFC", text))
        kept = "".join(c for c in kept if unicodedata.category(c)[0] != "C")
        return "".join(c if ord(c) in self._known else "□" for c in kept)

    def width(self, text: str, size: float, bold: bool = False) -> float:
        """Of a text in one line, in mm."""
        return sum(self._width(c, size, bold) for c in text)

    def _width(self, letter: str, size: float, bold: bool) -> float:
        letter = " " if letter == "\u00a0" else letter
        key = (letter, size, bold)
        if key not in self._widths:
            self.pdf.set_font(self._family, "B" if bold else "", size)
            self._widths[key] = self.pdf.get_string_width(letter)
        return self._widths[key]

    def lines(self, text: str, width: float, size: float, bold: bool = False) -> list[str]:
        """A text broken into lines of at most this width."""
        made, line = [], ""
        for piece in _PIECES.findall(_NEVER_PARTED.sub("\u00a0", self.shown(text).strip())):
            if line and self.width(line + piece.rstrip(), size, bold) > width:
                made.append(line.rstrip())
                line = ""
            line += piece
            # one long word
            while (cut := self._fitting(line, width, size, bold)) < len(line.rstrip()):
                made.append(line[:cut])
                line = line[cut:]
        made += [line.rstrip()] if line.strip() or not made else []
        return [line.replace("\u00a0", " ") for line in made]

    def _fitting(self, text: str, width: float, size: float, bold: bool) -> int:
        """How many characters fit into a line; one at least."""
        used, count = 0.0, 0
        for letter in text:
            used += self._width(letter, size, bold)
            if used > width:
                break
            count += 1
        return max(1, count)

    def cut(
        self, lines: Sequence[str], most: int, width: float, size: float, bold: bool = False
    ) -> list[str]:
        """The first of these lines; where some are left out, the last ends in an ellipsis."""
        if len(lines) <= most:
            return list(lines)
        last = lines[most - 1]
        while last and self.width(last + "…", size, bold) > width:
            last = last[:-1]
        return [*lines[: most - 1], last + "…"]

    def write(
        self,
        lines: Sequence[str],
        at: tuple[float, float],
        size: float,
        *,
        bold: bool = False,
        colour: Colour = BLACK,
        right: float | None = None,
    ) -> float:
        """Set lines below each other, from x or up to ``right``; returns where they end."""
        x, y = at
        self.pdf.set_text_color(*colour)
        for line in lines:
            self.pdf.set_font(self._family, "B" if bold else "", size)
            wide = self.width(line, size, bold)
            self.pdf.set_xy(x if right is None else right - wide, y)
            if line:
                self.pdf.cell(wide + 0.1, size * LEADING, line)
            y += size * LEADING
        return y

    def rule(self, x: float, y: float, width: float) -> None:
        """A thin line across."""
        self.pdf.set_draw_color(*RULE)
        self.pdf.set_line_width(0.2)
        self.pdf.line(x, y, x + width, y)

    def close(self) -> None:
        """Let go of the font files."""
        for font in self.pdf.fonts.values():
            if isinstance(font, TTFFont):
                font.close()

    def bar(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled rectangle; its width may be negative."""
        self.pdf.set_fill_color(*colour)
        self.pdf.rect(min(x, x + width), y, abs(width), height, style="F")

    def content(self) -> bytes:
        """The file."""
        return bytes(self.pdf.output())
