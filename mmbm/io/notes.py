"""Clinical notes: typed, plain text, Markdown, PDF or Word, verbatim. Runs inside the sandbox."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from mmbm.case import Notes
from mmbm.config import Limits
from mmbm.errors import MMBMError, NoSignal, TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io.charset import text_of
from mmbm.io.language import language_of

__all__ = ["decode", "from_text"]

_UNPACKED_BYTES = 128 * 2**20  # of a Word file, all parts together
_ENTRIES = 2000
_CONTROL = re.compile(  # C0 and C1 without tab and newline; overrides of direction; surrogates
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_SAVE_AS = "please save it as .docx, .pdf or plain text"
_REFUSED = {
    b"\xd0\xcf\x11\xe0": f"an old Word document (.doc) or a protected one; {_SAVE_AS}",
    b"{\\rtf": f"a rich text document (.rtf); {_SAVE_AS}",
    b"\x89PNG": "a picture; please give it as the image, or type the notes",
    b"\xff\xd8\xff": "a picture; please give it as the image, or type the notes",
    b"OggS": "a sound; please give it as the recording",
    b"ID3": "a sound; please give it as the recording",
    b"fLaC": "a sound; please give it as the recording",
}


def decode(content: bytes, name: str, limits: Limits) -> Notes:
    """Read notes of any accepted kind, told apart by content.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    for start, what in _REFUSED.items():
        if content.startswith(start):
            raise UnsupportedFile(f"This file is {what}.")
    if content[128:132] == b"DICM":
        raise UnsupportedFile("This file is a DICOM image; please give it as the image.")
    if b"%PDF-" in content[:1024]:
        return _decode_pdf(content, limits)
    if content.startswith(b"PK\x03\x04"):
        return from_text(_docx_text(content, limits), limits, file_format="docx")
    text, charset = text_of(content)
    kind = "md" if name.lower().endswith((".md", ".markdown")) else "txt"
    return from_text(text, limits, file_format=kind, charset=charset)


def from_text(
    text: str,
    limits: Limits,
    *,
    file_format: str = "typed",
    pages: int = 1,
    charset: str = "utf-8",
) -> Notes:
    """Notes of a text that is already decoded. Raises TooLarge, NoSignal."""
    if len(text) > limits.notes_characters:
        raise TooLarge(
            f"The notes have {len(text):,} characters; "
            f"at most {limits.notes_characters:,} are read. Please keep what matters now."
        )
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n"))
    if not any(char.isalnum() for char in text):
        raise NoSignal("The notes are empty: there is not one word in them.")
    language = language_of(text)
    warnings: tuple[str, ...] = ()
    if language == "other":
        warnings = (
            "The notes are not in English or Chinese: the model was not trained on this language.",
        )
    return Notes(text, language, file_format, pages, charset, warnings)


def _decode_pdf(content: bytes, limits: Limits) -> Notes:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnsupportedFile("The PDF has a password; please save it without one.")
        pages = len(reader.pages)
        if pages > limits.pages:
            raise TooLarge(f"The PDF has {pages} pages; at most {limits.pages} are read.")
        text = "\n\n".join(_page_texts(reader, limits))
    except (MMBMError, MemoryError):
        raise
    except DependencyError as exc:
        raise UnsupportedFile("The PDF is encrypted; please save it without a password.") from exc
    except Exception as exc:
        raise UnreadableFile("The PDF is damaged; please save it again, or as text.") from exc
    if not text.strip():
        raise NoSignal(
            "The PDF holds no text, only pictures of pages: it was scanned. "
            "Please type the notes, or run text recognition on it first."
        )
    return from_text(text, limits, file_format="pdf", pages=max(pages, 1))


def _page_texts(reader: Any, limits: Limits) -> Iterator[str]:
    characters = 0
    for page in reader.pages:
        text = page.extract_text()
        characters += len(text)
        if characters > limits.notes_characters:
            raise TooLarge(
                f"The PDF holds more than {limits.notes_characters:,} characters; "
                "please keep what matters now."
            )
        yield text


def _docx_text(content: bytes, limits: Limits) -> str:
    from docx import Document

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_archive(archive)
        body = Document(io.BytesIO(content)).iter_inner_content()
        return "\n".join(line for block in body for line in _lines(block))
    except (MMBMError, MemoryError):
        raise
    except Exception as exc:
        raise UnreadableFile(
            "The Word document is damaged; please save it again, or as text."
        ) from exc


def _check_archive(archive: zipfile.ZipFile) -> None:
    """Raises before anything is unpacked; zipfile never yields more than the sizes it lists."""
    parts = archive.infolist()
    if len(parts) > _ENTRIES or sum(part.file_size for part in parts) > _UNPACKED_BYTES:
        raise TooLarge(
            f"The document would unpack to more than {_UNPACKED_BYTES / 2**20:.0f} MB; "
            "please save its text alone."
        )
    if "word/document.xml" not in archive.namelist():
        raise UnsupportedFile(
            "This archive is not a Word document; please give txt, md, pdf or docx notes."
        )
    if any(part.flag_bits & 1 for part in parts):
        raise UnsupportedFile("The document has a password; please save it without one.")


def _lines(block: Any, depth: int = 0) -> Iterator[str]:
    """The lines of a paragraph, or of a table: one a row, cells between tabs."""
    if not hasattr(block, "rows"):
        yield block.text
        return
    for row in block.rows:
        cells: list[str] = []
        seen: set[int] = set()
        for cell in row.cells:  # a merged cell comes once for each column it covers
            if id(cell._tc) in seen:
                continue
            seen.add(id(cell._tc))
            inner = cell.iter_inner_content() if depth < 8 else ()
            cells.append(" ".join(line for part in inner for line in _lines(part, depth + 1)))
        yield "\t".join(cells)
