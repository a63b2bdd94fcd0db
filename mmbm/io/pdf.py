"""PDF notes through PDFium: the words of every page, what is filled in, and what could not be read.

Source of the limits and of what counts as seen: ISO 32000-2.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmbm.config import Limits
from mmbm.errors import MMBMError, NoSignal, TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io.guard import guarded
from mmbm.io.note_text import NoteText
from mmbm.io.pdf_page import PageText, read_page
from mmbm.text import sentence

__all__ = ["read_pdf"]

_PASSWORD, _SECURITY = 4, 5  # PDFium's numbers of errors
_DYNAMIC = (2, 3)  # PDFium's kinds of forms that are XFA
_WAITING = ("please wait", "请稍候", "if this message is not eventually replaced")
_MOST_OBJECTS = 200_000
_SECONDS, _BYTES = 0.7, 160 * 2**20  # of processor and of memory, for the structure and each page
_PORTFOLIO = "for the best experience, open this pdf portfolio in"
_LARGE = 0.4  # share of a page from which on its picture is worth a word
_LOST = 0.3  # share of a page's characters that are not known: the page is not read


def read_pdf(content: bytes, limits: Limits) -> NoteText:
    """What the pages show. Raises UnreadableFile, UnsupportedFile, TooLarge, NoSignal."""
    try:
        return _read(content, limits)
    except (MMBMError, MemoryError):
        raise
    except Exception as exc:
        raise UnreadableFile(sentence("io.pdf.damaged")) from exc


def _read(content: bytes, limits: Limits) -> NoteText:
    import pypdfium2

    _check_objects(content)
    try:
        with guarded(_SECONDS, _BYTES):
            document = pypdfium2.PdfDocument(content)
            count = len(document)
    except pypdfium2.PdfiumError as exc:
        if exc.err_code == _PASSWORD:
            raise UnsupportedFile(sentence("io.pdf.password")) from exc
        if exc.err_code == _SECURITY:
            raise UnsupportedFile(sentence("io.pdf.encrypted")) from exc
        raise UnreadableFile(sentence("io.pdf.damaged")) from exc
    with document:
        if count > limits.pages:
            raise TooLarge(sentence("io.pdf.pages", pages=count, limit=limits.pages))
        xfa = document.get_formtype() in _DYNAMIC
        if document.get_formtype() and not xfa:
            document.init_forms()
        pages = list(_pages(document, count, limits, xfa=xfa))
        attached = document.count_attachments()
    return _told(pages, attached)


def _check_objects(content: bytes) -> None:
    """Refuse what would take PDFium long before it begins."""
    if content.count(b" obj") > _MOST_OBJECTS:
        raise TooLarge(sentence("io.pdf.objects", limit=_MOST_OBJECTS))


def _pages(document: Any, count: int, limits: Limits, *, xfa: bool) -> Iterator[PageText | None]:
    """Each page; None for one that is broken."""
    left = limits.notes_characters

    def check(characters: int) -> None:
        if characters > left:
            raise TooLarge(sentence("io.pdf.too_long", limit=limits.notes_characters))

    for number in range(count):
        with guarded(_SECONDS, _BYTES), _loaded(document, number) as page:
            found = None if page is None else read_page(page, _form(document), check)
        if found is not None:
            left -= len(found.text)
            check(0)
            _check_cover(found.text.strip().lower(), xfa=xfa)
        yield found


def _check_cover(text: str, *, xfa: bool) -> None:
    """Raises UnsupportedFile for a page that only stands in for what another program would show."""
    if text.startswith(_WAITING) and (xfa or _WAITING[-1] in text):
        raise UnsupportedFile(sentence("io.pdf.xfa"))
    if text.startswith(_PORTFOLIO):
        raise UnsupportedFile(sentence("io.pdf.portfolio"))


def _form(document: Any) -> Any:
    return document.formenv.raw if document.formenv else None


@contextmanager
def _loaded(document: Any, number: int) -> Iterator[Any]:
    import pypdfium2

    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        yield None
        return
    try:
        yield page.raw
    finally:
        page.close()


def _told(pages: list[PageText | None], attached: int) -> NoteText:
    """All pages as one text, with a sentence for each thing that was not read."""
    numbered = list(enumerate(pages, 1))
    lost = [n for n, page in numbered if page is not None and _is_lost(page)]
    read = [(n, page) for n, page in numbered if page is not None and n not in lost]
    empty = [(n, page) for n, page in read if not page.text.strip()]
    pictures = [n for n, page in empty if page.picture > 0.05]
    drawn = [n for n, page in empty if page.picture <= 0.05 and page.drawn]
    words = [page.text.strip("\n") for _, page in read]
    if not any(words):
        _refuse(lost, pictures, drawn)
    beside = [n for n, page in read if page.text.strip() and page.picture > _LARGE]
    recognised = [n for n, page in read if page.recognised]
    beside = [n for n in beside if n not in recognised]
    unknown = sum(page.unknown for _, page in read)
    not_read: dict[str, list[int]] = {
        "broken": [n for n, p in numbered if p is None],
        "unknown_font": lost,
        "picture": pictures,
        "drawn": drawn,
        "large_picture": beside,
        "recognised": recognised,
        "stamp": [n for n, p in read if p.stamps],
        "struck": [n for n, p in read if p.struck],
    }
    says = [sentence(f"io.pdf.page.{what}", pages=tuple(of)) for what, of in not_read.items() if of]
    if unknown:
        says.append(sentence("io.pdf.unreadable", count=unknown))
    if any(page.comments for _, page in read):
        says.append(sentence("io.pdf.comments"))
    if attached:
        says.append(sentence("io.pdf.attached", count=attached))
    return NoteText("\n\n".join(words), "pdf", max(len(pages), 1), warnings=tuple(says))


def _is_lost(page: PageText) -> bool:
    letters = sum(not char.isspace() for char in page.text)
    return letters > 0 and page.unknown > _LOST * letters


def _refuse(lost: list[int], pictures: list[int], drawn: list[int]) -> None:
    if lost:
        raise UnsupportedFile(sentence("io.pdf.unknown_fonts"))
    if pictures:
        raise NoSignal(sentence("io.pdf.pictures"))
    if drawn:
        raise NoSignal(sentence("io.pdf.drawn"))
    raise NoSignal(sentence("io.pdf.blank"))
