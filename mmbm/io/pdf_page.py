"""One page of a PDF as its reader sees it: its words, what is filled into it, its pictures.

Through PDFium, whose handles are plain pointers here; lengths and places are in points.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

__all__ = ["PageText", "read_page"]

_MOST_OBJECTS = 50_000  # of a page, looked at for pictures and invisible words
_MOST_ANNOTATIONS = 5_000
_DEEPEST = 5  # drawings within drawings
_HIDDEN_FLAGS = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
_NOTES = (
    pdfium.FPDF_ANNOT_TEXT,
    pdfium.FPDF_ANNOT_HIGHLIGHT,
    pdfium.FPDF_ANNOT_UNDERLINE,
    pdfium.FPDF_ANNOT_CARET,
    pdfium.FPDF_ANNOT_SQUARE,
    pdfium.FPDF_ANNOT_INK,
)
_TICKS = (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON)
_FILLED = (
    pdfium.FPDF_FORMFIELD_TEXTFIELD,
    pdfium.FPDF_FORMFIELD_COMBOBOX,
    pdfium.FPDF_FORMFIELD_LISTBOX,
)


class _Box(NamedTuple):
    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class PageText:
    """What one page says, and what it shows beside its words."""

    text: str
    unknown: int  # characters whose font does not say which they are; U+FFFD in the text
    picture: float  # share of the page that its largest picture covers
    drawn: bool  # lines or shapes stand on it
    recognised: bool  # the words lie unseen over a picture: text recognition put them there
    comments: bool
    stamps: bool
    struck: bool


@dataclass(frozen=True, slots=True)
class _Objects:
    box: _Box  # of the page, as it is shown
    beyond: bool  # some words stand outside of it
    picture: float
    drawn: bool
    invisible: bool  # some words are not painted


@dataclass(frozen=True, slots=True)
class _Added:
    """What stands on the page above its content."""

    fields: list[tuple[_Box, str]]
    struck: list[_Box]
    comments: bool
    stamps: bool


def read_page(page: Any, form: Any, check: Callable[[int], None]) -> PageText:
    """Read a loaded page; ``check`` is told the number of its characters before they are read."""
    words = pdfium.FPDFText_LoadPage(page)
    try:
        count = max(0, pdfium.FPDFText_CountChars(words))
        check(count)
        seen = _objects(page)
        added = _annotations(page, form)
        unseen = seen.invisible and seen.picture < 0.5
        chars = list(_chars(words, count, unseen))
        if seen.beyond:
            chars = [(at, char) for at, char in chars if _is_within(_box(words, at), seen.box)]
        kept = [(at, char) for at, char in chars if not _is_struck(words, at, added.struck)]
        unknown = sum(char == "\ufffd" for _, char in kept)
        text = _with_fields(words, kept, added.fields) if added.fields else _joined(kept)
    finally:
        pdfium.FPDFText_ClosePage(words)
    return PageText(
        text,
        unknown,
        seen.picture,
        seen.drawn,
        seen.invisible and seen.picture >= 0.5 and bool(text.strip()),
        added.comments,
        added.stamps,
        bool(added.struck),
    )


def _chars(words: Any, count: int, without_unseen: bool) -> Iterator[tuple[int, str]]:
    """Each character with its number; U+FFFD where the font does not say which it is."""
    for at in range(count):
        code = pdfium.FPDFText_GetUnicode(words, at)
        if code in (0x02, 0xFFFE):  # a hyphen that parts a word at the end of a line
            continue
        if without_unseen:
            item = pdfium.FPDFText_GetTextObject(words, at)
            if item and pdfium.FPDFTextObj_GetTextRenderMode(item) == _INVISIBLE:
                continue
        wrong = code == 0 or 0xE000 <= code <= 0xF8FF
        if wrong or pdfium.FPDFText_HasUnicodeMapError(words, at) == 1:
            yield at, "\ufffd"
        elif code != 0x0D:
            yield at, chr(code) if code < 0x110000 else "\ufffd"


_INVISIBLE = pdfium.FPDF_TEXTRENDERMODE_INVISIBLE


def _joined(chars: list[tuple[int, str]]) -> str:
    text = "".join(char for _, char in chars)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _box(words: Any, at: int) -> _Box:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    pdfium.FPDFText_GetCharBox(words, at, left, right, bottom, top)
    return _Box(left.value, bottom.value, right.value, top.value)


def _is_struck(words: Any, at: int, struck: list[_Box]) -> bool:
    if not struck:
        return False
    box = _box(words, at)
    x, y = (box.left + box.right) / 2, (box.bottom + box.top) / 2
    return any(s.left <= x <= s.right and s.bottom <= y <= s.top for s in struck)


def _with_fields(words: Any, chars: list[tuple[int, str]], fields: list[tuple[_Box, str]]) -> str:
    """The text with each field's value behind the word that stands left of it on its line."""
    boxes = [_box(words, at) for at, _ in chars]
    behind: dict[int, list[tuple[float, str]]] = {}
    for box, value in fields:
        behind.setdefault(_place(box, chars, boxes), []).append((box.left, value))
    first = [value for _, value in sorted(behind.pop(-1, []))]
    pieces = ["\n".join(first) + "\n"] if first else []
    for number, (_, char) in enumerate(chars):
        pieces.append(char)
        if number in behind:
            values = " ".join(value for _, value in sorted(behind[number]))
            pieces.append(f" {values} ")
    text = "".join(pieces)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _place(field: _Box, chars: list[tuple[int, str]], boxes: list[_Box]) -> int:
    """The number of the character behind which a field belongs; -1: before all."""
    middle = (field.bottom + field.top) / 2
    best, found = (float("inf"), float("inf")), -1
    for number, box in enumerate(boxes):
        if box.top <= box.bottom or chars[number][1].isspace():
            continue
        on_line = box.bottom <= middle <= box.top or field.bottom <= box.bottom < field.top
        if on_line and box.right <= field.left + 1:
            rank = (0.0, field.left - box.right)
        elif box.bottom >= middle and not on_line:  # a line above
            rank = (1.0 + box.bottom - middle, -box.right)
        else:
            continue
        if rank < best:
            best, found = rank, number
    return found


def _objects(page: Any) -> _Objects:
    """Look through what is painted: the largest picture, lines, words that are not painted."""
    area = max(1.0, pdfium.FPDF_GetPageWidthF(page) * pdfium.FPDF_GetPageHeightF(page))
    rectangle = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, rectangle)
    box = _Box(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
    largest, drawn, invisible, beyond = 0.0, False, False, False
    for number, (item, kind) in enumerate(_items(page)):
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = _bounds(item)
            largest = max(largest, abs((right - left) * (top - bottom)) / area)
        elif kind == pdfium.FPDF_PAGEOBJ_TEXT:
            beyond |= not _is_within(_bounds(item), box)
            invisible |= pdfium.FPDFTextObj_GetTextRenderMode(item) == _INVISIBLE
        else:
            drawn = True
        if number > _MOST_OBJECTS:
            break
    return _Objects(box, beyond, min(1.0, largest), drawn, invisible)


def _bounds(item: Any) -> _Box:
    sides = tuple(ctypes.c_float() for _ in range(4))
    pdfium.FPDFPageObj_GetBounds(item, *sides)
    return _Box(*(side.value for side in sides))


def _is_within(inner: _Box, page: _Box) -> bool:
    """Whether the middle of a box lies on the page; a box without a size counts as within."""
    x, y = (inner.left + inner.right) / 2, (inner.bottom + inner.top) / 2
    if inner.left == inner.right and inner.bottom == inner.top:
        return True
    return page.left <= x <= page.right and page.bottom <= y <= page.top


def _items(page: Any) -> Iterator[tuple[Any, int]]:
    for number in range(pdfium.FPDFPage_CountObjects(page)):
        yield from _within(pdfium.FPDFPage_GetObject(page, number), 0)


def _within(item: Any, depth: int) -> Iterator[tuple[Any, int]]:
    kind = pdfium.FPDFPageObj_GetType(item)
    if kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
        for number in range(max(0, pdfium.FPDFFormObj_CountObjects(item))):
            yield from _within(pdfium.FPDFFormObj_GetObject(item, number), depth + 1)
    else:
        yield item, kind


def _annotations(page: Any, form: Any) -> _Added:
    """The values of the form's fields and the words of free text; comments are only noted."""
    added = _Added([], [], False, False)
    comments = stamps = False
    for number in range(min(_MOST_ANNOTATIONS, pdfium.FPDFPage_GetAnnotCount(page))):
        note = pdfium.FPDFPage_GetAnnot(page, number)
        if not note:
            continue
        kind = pdfium.FPDFAnnot_GetSubtype(note)
        if not pdfium.FPDFAnnot_GetFlags(note) & _HIDDEN_FLAGS:
            words = ""
            if kind == pdfium.FPDF_ANNOT_WIDGET and form:
                words = _value(note, form)
            elif kind == pdfium.FPDF_ANNOT_FREETEXT:
                words = _contents(note)
            elif kind == pdfium.FPDF_ANNOT_STRIKEOUT:
                added.struck.append(_rectangle(note))
            elif kind in _NOTES:
                comments |= bool(
                    _string(pdfium.FPDFAnnot_GetStringValue, note, b"Contents").strip()
                )
            stamps |= kind == pdfium.FPDF_ANNOT_STAMP
            if words.strip():
                added.fields.append(
                    (_rectangle(note), words.replace("\r\n", "\n").replace("\r", "\n"))
                )
        pdfium.FPDFPage_CloseAnnot(note)
    return _Added(added.fields, added.struck, comments, stamps)


def _contents(note: Any) -> str:
    return _string(pdfium.FPDFAnnot_GetStringValue, note, b"Contents")


def _value(widget: Any, form: Any) -> str:
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, widget)
    if kind in _TICKS:
        return "[x]" if pdfium.FPDFAnnot_IsChecked(form, widget) else "[ ]"
    if kind not in _FILLED:
        return ""
    if kind != pdfium.FPDF_FORMFIELD_TEXTFIELD:
        options = min(1000, max(0, pdfium.FPDFAnnot_GetOptionCount(form, widget)))
        chosen = [
            _string(pdfium.FPDFAnnot_GetOptionLabel, form, widget, option)
            for option in range(options)
            if pdfium.FPDFAnnot_IsOptionSelected(form, widget, option)
        ]
        if chosen:
            return ", ".join(chosen)
    return _string(pdfium.FPDFAnnot_GetFormFieldValue, form, widget)


def _string(call: Callable[..., int], *arguments: Any) -> str:
    """What a function writes as UTF-16 into a buffer whose size it tells when asked first."""
    size = call(*arguments, None, 0)
    if not 2 <= size <= 2**22:
        return ""
    buffer = ctypes.create_string_buffer(size)
    call(*arguments, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")


def _rectangle(note: Any) -> _Box:
    rectangle = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(note, rectangle)
    low, high = sorted((rectangle.bottom, rectangle.top))
    return _Box(rectangle.left, low, rectangle.right, high)
