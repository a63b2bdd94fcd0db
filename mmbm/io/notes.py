"""Clinical notes of every accepted kind, verbatim. Runs inside the sandbox.

The kind is told by content: Word, PDF, e-mail, web page, FHIR, CDA, or plain text and Markdown. A
note inside a wrapper is read as if it stood alone; markup and code never pass for words.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from mmbm.case import Notes
from mmbm.config import Limits
from mmbm.errors import NoSignal, TooLarge, UnsupportedFile
from mmbm.io.charset import text_of
from mmbm.io.encoded import has_code, unwrapped, without_escapes
from mmbm.io.foreign import refuse_foreign
from mmbm.io.language import language_of
from mmbm.io.mail import is_mail, read_mail
from mmbm.io.markup import page_text
from mmbm.io.note_text import NoteText
from mmbm.text import Sentence, sentence

__all__ = ["decode", "from_text"]

_CONTROL = re.compile(  # C0 and C1 without tab and newline; overrides of direction; surrogates
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_HEAD_BYTES = 2**16  # enough to tell the kind of a file
_MARKUP_BYTES = 2**24  # of a web page or of XML; pictures in them count too
_LAYERS = 4  # files within files
_MOST_VALUES = 500_000  # of a JSON file
_ROOT = re.compile(
    r"(?>\s+|<\?(?>.*?\?>)|<!--(?>.*?-->)|<!DOCTYPE[^>\[]*>)*<([\w:.-]+)([^>]*)", re.DOTALL
)
_TAG = re.compile(
    r"</?(?:a|abbr|article|b|big|blockquote|body|br|button|center|code|dd|del|div|dl|dt|em|font|form"
    r"|frame|frameset|h[1-6]|head|hr|html|i|iframe|img|input|ins|label|li|link|main|meta|nav|ol"
    r"|option|p|pre|s|script|section|select|small|span|strike|strong|style|sub|sup|table|tbody|td"
    r"|textarea|th|thead|title|tr|tt|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_JSON = re.compile(r"[\s\ufeff]*\[?\s*\{\s*\"[^\"\n]{1,80}\"\s*:")
_BREAKS = re.compile(r"<(?:p|div|tr|li|h[1-6]|td|table)\b", re.IGNORECASE)
_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset=["']?([\w-]{2,30})""", re.IGNORECASE)
_HABITS = ("", "utf-8", "utf8", "ascii", "us-ascii", "iso-8859-1", "windows-1252")
_XML_KINDS = {
    "worddocument": "word_2003",
    "package": "word_xml",
    "plist": "property_list",
    "svg": "drawing",
    "xdp": "form",
}


def decode(content: bytes, name: str, limits: Limits) -> Notes:
    """Read notes of any accepted kind, told apart by content.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    found = _read(content, limits, 0)
    if found.file_format == "txt" and name.lower().endswith((".md", ".markdown")):
        found = replace(found, file_format="md")
    notes = from_text(
        found.text,
        limits,
        file_format=found.file_format,
        pages=found.pages,
        charset=found.charset,
    )
    return replace(notes, warnings=(*found.warnings, *notes.warnings))


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
            sentence("io.notes.too_long", characters=len(text), limit=limits.notes_characters)
        )
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n"))
    if not any(char.isalnum() for char in text):
        raise NoSignal(sentence("io.notes.empty"))
    language = language_of(text)
    warnings: tuple[Sentence, ...] = ()
    if language == "other":
        warnings = (sentence("io.notes.language"),)
    return Notes(text, language, file_format, pages, charset, warnings)


def _read(content: bytes, limits: Limits, layer: int) -> NoteText:
    """One file, perhaps from within another."""
    if layer > _LAYERS:
        raise UnsupportedFile(sentence("io.notes.wrapped"))
    refuse_foreign(content)
    inner = partial(_read, limits=limits, layer=layer + 1)
    if b"%PDF-" in content[:1024]:
        from mmbm.io.pdf import read_pdf

        return read_pdf(content, limits)
    if content.startswith(b"PK\x03\x04"):
        from mmbm.io.word import read_word

        return read_word(content, inner, limits)
    if is_mail(content[:_HEAD_BYTES]):
        return read_mail(content, inner)
    whole = unwrapped(content)
    if whole is not None:
        return inner(whole)
    return _read_text(content, limits, inner)


def _read_text(content: bytes, limits: Limits, inner: Callable[[bytes], NoteText]) -> NoteText:
    head = text_of(content[:_HEAD_BYTES])[0].lstrip("\ufeff")
    most = limits.notes_characters
    if head.lstrip()[:1] in ("{", "[", '"') and (read := _read_json(content, inner, most)):
        return read
    root = _ROOT.match(head)
    name = root[1].rpartition(":")[2] if root else ""
    about = root[2] if root else ""
    if name == "ClinicalDocument":
        from mmbm.io.cda import read_cda

        return read_cda(_bounded(content), inner, most)
    if "http://hl7.org/fhir" in about:
        from mmbm.io.fhir import from_xml, read_fhir

        return read_fhir([from_xml(_bounded(content))], inner, most)
    if name.lower() == "html" or _TAG.search(head):
        return _read_page(content, limits)
    if name and (head.lstrip().startswith("<?xml") or f"</{root[1] if root else ''}>" in head):
        kind = _XML_KINDS.get(name.lower(), "other")
        raise UnsupportedFile(sentence(f"io.xml.{kind}"))
    return _read_plain(content, limits)


def _read_plain(content: bytes, limits: Limits) -> NoteText:
    if len(content) > 4 * limits.notes_characters + 4:  # no character set needs more bytes
        raise TooLarge(sentence("io.notes.longer_than", limit=limits.notes_characters))
    text, charset, warnings = text_of(content)
    text = without_escapes(text)
    if has_code(text):
        raise UnsupportedFile(sentence("io.notes.base64"))
    if _TAG.search(text):
        return _read_page(text.encode(), limits)
    return NoteText(text, "txt", charset=charset, warnings=warnings)


def _read_page(content: bytes, limits: Limits) -> NoteText:
    markup, charset, warnings = _page_source(_bounded(content))
    lines = _BREAKS.search(markup) is None
    text, left_out = page_text(markup, limits.notes_characters, keep_lines=lines)
    if not any(char.isalnum() for char in text):
        raise NoSignal(sentence("io.html.no_text"))
    return NoteText(text, "html", charset=charset, warnings=(*warnings, *left_out))


def _page_source(content: bytes) -> tuple[str, str, tuple[Sentence, ...]]:
    """The page's source; the character set that it names counts where it is more than a habit."""
    named = _CHARSET.search(content[:4096])
    label = named[1].decode("ascii").lower() if named else ""
    label = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs"}.get(label, label)
    if label not in _HABITS:
        with contextlib.suppress(LookupError, UnicodeError):
            return content.decode(codecs.lookup(label).name), label, ()
    return text_of(content)


def _bounded(content: bytes) -> bytes:
    if len(content) > _MARKUP_BYTES:
        raise TooLarge(
            sentence(
                "io.html.too_large",
                megabytes=len(content) / 2**20,
                limit=_MARKUP_BYTES / 2**20,
            )
        )
    return content


def _read_json(content: bytes, inner: Callable[[bytes], NoteText], most: int) -> NoteText | None:
    """FHIR resources or one string of JSON; None for what is no JSON."""
    from mmbm.io.fhir import is_fhir, read_fhir

    begins = bool(_JSON.match(text_of(content[:_HEAD_BYTES])[0]))
    if sum(content.count(mark) for mark in (b"{", b"[", b",")) > _MOST_VALUES:
        if begins:
            raise TooLarge(sentence("io.json.too_many_values"))
        return None
    if len(content) > 2 * _MARKUP_BYTES:
        raise TooLarge(
            sentence(
                "io.json.too_large",
                megabytes=len(content) / 2**20,
                limit=2 * _MARKUP_BYTES // 2**20,
            )
        )
    value = _parsed(text_of(content)[0].lstrip("\ufeff"))
    if value is None and begins:
        raise UnsupportedFile(sentence("io.json.damaged"))
    if isinstance(value, str):
        return inner(value.encode("utf-8", "replace"))
    if isinstance(value, list) and value and all(is_fhir(each) for each in value):
        return read_fhir(value, inner, most)
    if is_fhir(value):
        return read_fhir([value], inner, most)
    if isinstance(value, dict) or (isinstance(value, list) and value and _is_data(value)):
        raise UnsupportedFile(sentence("io.json.not_fhir"))
    return None


def _parsed(text: str) -> Any:
    """JSON, or the list of the values of JSON lines; None for neither."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        pass
    try:
        return [json.loads(line, strict=False) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        return None


def _is_data(value: list[Any]) -> bool:
    return any(isinstance(each, (dict, list, str)) for each in value)
