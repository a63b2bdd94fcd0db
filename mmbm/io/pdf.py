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
from mmbm.io.note_text import NoteText, counted
from mmbm.io.pdf_page import PageText, read_page

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
        raise UnreadableFile("The PDF is damaged; please save it again, or as text.") from exc


def _read(content: bytes, limits: Limits) -> NoteText:
    import pypdfium2

    _check_objects(content)
    try:
        with guarded(_SECONDS, _BYTES):
            document = pypdfium2.PdfDocument(content)
            count = len(document)
    except pypdfium2.PdfiumError as exc:
        if exc.err_code == _PASSWORD:
            raise UnsupportedFile("The PDF has a password; please save it without one.") from exc
        if exc.err_code == _SECURITY:
            raise UnsupportedFile(
                "The PDF is encrypted in a way that is not read; please save it without encryption."
            ) from exc
        raise UnreadableFile("The PDF is damaged; please save it again, or as text.") from exc
    with document:
        if count > limits.pages:
            raise TooLarge(f"The PDF has {count} pages; at most {limits.pages} are read.")
        xfa = document.get_formtype() in _DYNAMIC
        if document.get_formtype() and not xfa:
            document.init_forms()
        pages = list(_pages(document, count, limits, xfa=xfa))
        attached = document.count_attachments()
    return _told(pages, attached)


def _check_objects(content: bytes) -> None:
    """Refuse what would take PDFium long before it begins."""
    if content.count(b" obj") > _MOST_OBJECTS:
        raise TooLarge(
            f"The PDF has more than {_MOST_OBJECTS:,} objects; please print it to a new PDF."
        )


def _pages(document: Any, count: int, limits: Limits, *, xfa: bool) -> Iterator[PageText | None]:
    """Each page; None for one that is broken."""
    left = limits.notes_characters

    def check(characters: int) -> None:
        if characters > left:
            raise TooLarge(
                f"The PDF holds more than {limits.notes_characters:,} characters; "
                "please keep what matters now."
            )

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
        raise UnsupportedFile(
            "The PDF is an XFA form that only Adobe's own reader shows; "
            "please print the filled form to a new PDF."
        )
    if text.startswith(_PORTFOLIO):
        raise UnsupportedFile(
            "The PDF is a portfolio of other files; please give the file that matters."
        )


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
    pairs: tuple[tuple[object, str], ...] = (
        ([n for n, p in numbered if p is None], "{} could not be read: it is damaged."),
        (lost, "{} could not be read: its font does not say which letters it draws."),
        (pictures, "{} holds only a picture: nothing on it was read."),
        (drawn, "{} holds only drawn lines: nothing on it was read."),
        (beside, "{} holds a large picture that was not read."),
        (recognised, "{} is a picture with words from text recognition: they may be wrong."),
        ([n for n, p in read if p.stamps], "{} carries a stamp that was not read."),
        ([n for n, p in read if p.struck], "{} holds struck-out text, which was left out."),
    )
    says = [sentence.format(_page_list(numbers)) for numbers, sentence in pairs if numbers]  # type: ignore[arg-type]
    if unknown:
        says.append(
            f"{counted(unknown, 'character')} of the PDF could not be read: "
            "the font does not say which; \ufffd stands in the place of each."
        )
    if any(page.comments for _, page in read):
        says.append("The comments in the PDF were not read.")
    if attached:
        says.append(f"The PDF carries {counted(attached, 'attached file')} that was not read.")
    return NoteText("\n\n".join(words), "pdf", max(len(pages), 1), warnings=tuple(says))


def _is_lost(page: PageText) -> bool:
    letters = sum(not char.isspace() for char in page.text)
    return letters > 0 and page.unknown > _LOST * letters


def _refuse(lost: list[int], pictures: list[int], drawn: list[int]) -> None:
    if lost:
        raise UnsupportedFile(
            "The PDF's letters cannot be read: its fonts do not say which letters they draw. "
            "Please give the note as text or Word."
        )
    if pictures:
        raise NoSignal(
            "The PDF holds no text, only pictures of its pages. "
            "Please type the notes, or run text recognition on it first."
        )
    if drawn:
        raise NoSignal("The PDF holds no text, only drawn lines; please type the notes.")
    raise NoSignal("The PDF holds no text: its pages are blank.")


def _page_list(numbers: list[int]) -> str:
    """``Page 2``, ``Each of pages 2, 3 and 5``."""
    if len(numbers) == 1:
        return f"Page {numbers[0]}"
    return f"Each of pages {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
