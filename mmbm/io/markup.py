"""The text that a web page, or a narrative in HTML's manner, shows: no tags, no scripts, no styles.

One target takes the events of lxml's parsers, for HTML as for the narratives of FHIR and CDA. No
tree is built, so that memory stays small and reading stops at the limits.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from mmbm.errors import TooLarge
from mmbm.text import Sentence, sentence

__all__ = ["MOST_MARKS", "Page", "check_marks", "page_text"]

MOST_MARKS = 400_000  # "<" in one file: two for each element
_DEEPEST = 500  # elements within elements
_CHUNK = 2**16  # characters handed to the parser at a time
_BLOCK_NAMES = (
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr item legend li list main menu nav "
    "ol p paragraph pre section summary table tbody tfoot thead title tr ul"
)
_UNSEEN_NAMES = "datalist noscript rp rt script style template title xml"
_FOREIGN_NAMES = "applet audio canvas embed iframe frame object svg video"
_BLOCKS, _UNSEEN, _FOREIGN = (
    frozenset(names.split()) for names in (_BLOCK_NAMES, _UNSEEN_NAMES, _FOREIGN_NAMES)
)
_STRUCK = frozenset(("del", "s", "strike"))
_HIDES = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?![.\d])",
    re.I,
)
_STRIKES = re.compile(r"text-decoration[^;]*line-through", re.IGNORECASE)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_FOR_PRINT = re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_SPACES = re.compile(r"[ \t\r\n\f\v\xa0]+")


Document: TypeAlias = Literal["web_page", "word", "cda", "fhir"]


def named(what: Document) -> Sentence:
    """A kind of document by its name."""
    return sentence(f"io.document.name.{what}")


def check_marks(marks: int, what: Document) -> None:
    """Raises TooLarge for a file with more than ``MOST_MARKS`` tags, before it is parsed."""
    if marks > MOST_MARKS:
        raise TooLarge(
            sentence("io.document.too_many_tags", document=named(what), limit=MOST_MARKS)
        )


def page_text(
    markup: str, most: int, *, keep_lines: bool = False
) -> tuple[str, tuple[Sentence, ...]]:
    """What a page of HTML shows, and what was left out, as sentences.

    ``most`` is the limit of characters; ``keep_lines`` keeps the line breaks of the source.

    Raises: TooLarge.
    """
    from lxml import etree

    check_marks(markup.count("<"), "web_page")
    page = Page(most, keep_lines=keep_lines)
    parser = etree.HTMLParser(target=page, huge_tree=True, remove_pis=True)
    with contextlib.suppress(etree.XMLSyntaxError):  # lxml's word for a page without anything
        for start in range(0, len(markup), _CHUNK):
            parser.feed(markup[start : start + _CHUNK])
        parser.close()
    return page.text(), page.warnings()


class Page:
    """A parser target that keeps what is seen: words, line breaks, cells, filled-in fields."""

    def __init__(self, most: int, *, keep_lines: bool = False) -> None:
        self._most = most
        self._pieces: list[str] = []
        self._length = 0
        self._gap = ""  # what stands before the next word: nothing, a space, a tab, a new line
        self._row_begun = False
        self._literal = int(keep_lines)  # depth of elements that keep their spaces
        self._open: list[tuple[bool, bool]] = []  # for each element: unseen, literal
        self._unseen = 0
        self._style: list[str] | None = None
        self._hidden: set[str] = set()  # selectors that hide
        self._options: list[tuple[bool, list[str]]] | None = None
        self._pictures = self._foreign = 0
        self._struck = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if len(self._open) > _DEEPEST:
            raise TooLarge(sentence("io.html.nested"))
        name = tag.rpartition("}")[2].lower()
        style = attributes.get("style", "")
        unseen = self._is_unseen(name, attributes, style)
        literal = name in ("pre", "textarea") or "white-space:pre" in style.replace(" ", "")
        self._open.append((unseen, literal))
        self._unseen += unseen
        self._literal += literal
        if name == "style":
            self._style = []
        if self._unseen:
            return
        self._separate(name)
        if name == "select":
            self._options = []
        elif name == "option" and self._options is not None:
            self._options.append(("selected" in attributes, []))
        elif name == "input":
            self._field(attributes)
        elif name == "img" and not _is_dot(attributes):
            self._pictures += 1

    def end(self, tag: str) -> None:
        """An element ends."""
        name = tag.rpartition("}")[2].lower()
        if name == "style" and self._style is not None:
            self._hidden |= _hiding_selectors("".join(self._style))
            self._style = None
        unseen, literal = self._open.pop() if self._open else (False, False)
        self._unseen -= unseen
        self._literal -= literal
        if self._unseen or unseen:
            return
        if name == "select" and self._options is not None:
            options, self._options = self._options, None
            chosen = [words for picked, words in options if picked] or [w for _, w in options[:1]]
            self.data(f" {' '.join(''.join(words) for words in chosen)} ")
        self._separate(name, ends=True)

    def data(self, text: str) -> None:
        """Words, or the source of a style."""
        if self._style is not None:
            self._style.append(text)
        if self._unseen:
            return
        if self._options is not None:
            if self._options:
                self._options[-1][1].append(text)
            return
        if self._literal:
            self._write(text.replace("\xa0", " "))
            return
        text = _SPACES.sub(" ", text)
        if text.startswith(" "):
            self._gap = self._gap or " "
        if text.strip(" "):
            self._write(text.strip(" "))
        if text.endswith(" "):
            self._gap = self._gap or " "

    def close(self) -> None:
        """The document ends."""

    def text(self) -> str:
        """All that was seen."""
        return "".join(self._pieces).strip("\n")

    def warnings(self) -> tuple[Sentence, ...]:
        """What was left out."""
        says: list[Sentence] = []
        if self._struck:
            says.append(sentence("io.document.struck"))
        if self._pictures:
            says.append(sentence("io.html.pictures", count=self._pictures))
        if self._foreign:
            says.append(sentence("io.html.embedded", count=self._foreign))
        return tuple(says)

    def _is_unseen(self, name: str, attributes: Mapping[str, str], style: str) -> bool:
        if self._unseen:
            return False
        if name in _FOREIGN:
            self._foreign += 1
            return True
        struck = name in _STRUCK or bool(_STRIKES.search(style))
        self._struck |= struck
        classes = attributes.get("class", "").split()
        selectors = {name, f"#{attributes.get('id', '')}", *(f".{c}" for c in classes)}
        selectors |= {f"{name}.{c}" for c in classes}
        return (
            struck
            or name in _UNSEEN
            or "hidden" in attributes
            or attributes.get("revised") == "delete"  # a change tracked in CDA
            or bool(_HIDES.search(style))
            or not self._hidden.isdisjoint(selectors)
        )

    def _separate(self, name: str, *, ends: bool = False) -> None:
        if name == "tr":
            self._gap, self._row_begun = "\n", False
        elif name in ("td", "th"):
            if not ends:
                self._gap = "\t" if self._row_begun else self._gap
                self._row_begun = True
        elif name == "br" and not ends:
            self._gap = self._gap + "\n" if self._gap.startswith("\n") else "\n"
        elif name in _BLOCKS and self._gap != "\t" and not self._gap.startswith("\n"):
            self._gap = "\n"

    def _field(self, attributes: Mapping[str, str]) -> None:
        kind = attributes.get("type", "text").lower()
        if kind in ("checkbox", "radio"):
            self.data(" [x] " if "checked" in attributes else " [ ] ")
        elif kind not in ("hidden", "password", "submit", "button", "image", "reset", "file"):
            self.data(f" {attributes.get('value', '')} ")

    def _write(self, text: str) -> None:
        piece = (self._gap if self._pieces else self._gap.strip("\n\t ")) + text
        self._gap = ""
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length > self._most:
            raise TooLarge(
                sentence("io.document.too_long", document=named("web_page"), limit=self._most)
            )


def _is_dot(attributes: Mapping[str, Any]) -> bool:
    """A picture of a pixel or two counts visits, and shows nothing."""
    return any(attributes.get(side, "").strip() in ("0", "1", "2") for side in ("width", "height"))


def _hiding_selectors(source: str) -> set[str]:
    found: set[str] = set()
    for selectors, style in _RULE.findall(_FOR_PRINT.sub("", source)):
        if _HIDES.search(style):
            found |= {selector.strip() for selector in selectors.split(",")}
    return found
