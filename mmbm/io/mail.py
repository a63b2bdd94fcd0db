"""E-mail and web archives (MIME): the body's text, decoded; attachments are named, not read."""

from __future__ import annotations

import re
from email import policy
from email.message import MIMEPart
from email.parser import BytesParser

from mmbm.errors import MMBMError, NoSignal, TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io.note_text import InnerReader, NoteText
from mmbm.text import sentence

__all__ = ["is_mail", "read_mail"]

_MOST_PARTS, _MOST_NESTS, _MOST_LINES, _HEADER_BYTES = 500, 40, 600_000, 2**18
_DEEPEST = 8  # messages within messages
_HEADER = rb"(?:From .*\r?\n)?(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*"
_TELLS = (
    rb"(?:MIME-Version:\s*1|Content-Type:\s*\w+/\w|Content-Transfer-Encoding:|Message-ID:\s*<"
    rb"|Received:\s*(?:from|by)\s|Return-Path:\s*<|DKIM-Signature:)"
)
_MAIL = re.compile(rb"\s*" + _HEADER + _TELLS, re.IGNORECASE)
_BARE_PART = re.compile(
    rb"\s*--([^\r\n]{1,200})\r?\n(?:[!-9;-~]+:[^\n]*\n)*?Content-", re.IGNORECASE
)

_NEXT_MAIL = re.compile(rb"\nFrom [^\n]*\d{4}[^\n]*\n[!-9;-~]+:[^\n]*\n[!-9;-~]+:")  # of a mailbox


def is_mail(head: bytes) -> bool:
    """Whether a file begins with the header of a mail or of a part of one."""
    return bool(_MAIL.match(head) or _BARE_PART.match(head))


def read_mail(content: bytes, inner: InnerReader) -> NoteText:
    """The body's text: all parts that are shown, the plain one of several versions.

    Raises: what ``inner`` raises; UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    content = content.lstrip()
    if bare := _BARE_PART.match(content):
        content = b'Content-Type: multipart/mixed; boundary="' + bare[1] + b'"\n\n' + content
    _check_size(content)
    if _NEXT_MAIL.search(content):
        raise UnsupportedFile(sentence("io.mail.several"))
    try:
        message = BytesParser(policy=policy.default).parsebytes(content)
        body = _Body(inner)
        body.add(message)
    except (MMBMError, MemoryError):
        raise
    except Exception as exc:
        raise UnreadableFile(sentence("io.mail.damaged")) from exc
    return body.found(bool(message["Subject"]))


def _check_size(content: bytes) -> None:
    end = re.search(rb"\r?\n\r?\n", content[:_HEADER_BYTES])
    if (
        content.count(b"\n--") > _MOST_PARTS
        or content.count(b"multipart/") > _MOST_NESTS
        or content.count(b"\n") > _MOST_LINES
        or (end is None and len(content) > _HEADER_BYTES)
    ):
        raise TooLarge(sentence("io.mail.too_large"))


class _Body:
    """The parts of a message that its reader sees."""

    def __init__(self, inner: InnerReader) -> None:
        self._inner = inner
        self._read: list[NoteText] = []
        self._left_out = 0

    def add(self, part: MIMEPart, depth: int = 0) -> None:
        kind = part.get_content_type()
        if depth > _DEEPEST:
            raise UnsupportedFile(sentence("io.mail.nested"))
        if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted"):
            raise UnsupportedFile(sentence("io.mail.encrypted"))
        if kind == "message/rfc822" or kind == "multipart/signed":
            for inner in list(part.iter_parts())[:1]:
                self.add(inner, depth + 1)
        elif kind == "multipart/alternative":
            self.add(_best_version(list(part.iter_parts())), depth + 1)
        elif kind == "multipart/related":
            root, *others = list(part.iter_parts())
            self.add(root, depth + 1)
            self._left_out += sum(not other["Content-ID"] for other in others if _is_file(other))
        elif part.is_multipart():
            for inner in part.iter_parts():
                self.add(inner, depth + 1)
        elif kind in ("text/plain", "text/html") and not _is_file(part):
            self._read.append(self._inner(_content(part)))
        else:
            self._left_out += 1

    def found(self, subject: bool) -> NoteText:
        """All texts as one, and what was left out."""
        if not self._read:
            raise NoSignal(sentence("io.mail.no_text"))
        says = [sentence("io.mail.subject")] if subject else []
        if self._left_out:
            says.append(sentence("io.mail.attachments", count=self._left_out))
        return NoteText(
            "\n\n".join(text.text for text in self._read),
            "mail",
            charset=self._read[0].charset,
            warnings=(*says, *(w for text in self._read for w in text.warnings)),
        )


def _best_version(versions: list[MIMEPart]) -> MIMEPart:
    """Plain text if it says something, otherwise the last, which is the richest."""
    plain = [v for v in versions if v.get_content_type() == "text/plain" and _content(v).strip()]
    readable = [v for v in versions if v.get_content_maintype() in ("text", "multipart")]
    return (plain or readable[-1:] or versions)[0]


def _is_file(part: MIMEPart) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _content(part: MIMEPart) -> bytes:
    """A part's bytes without their transfer encoding; in UTF-8 where the part names its set."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return b""
    charset = (part.get_content_charset() or "").lower()
    if charset in _BLANKET or not charset:  # written by default: the bytes tell better
        return content
    try:
        return content.decode(_WIDER.get(charset, charset)).encode()
    except (LookupError, UnicodeError, ValueError):
        return content


_BLANKET = frozenset(("us-ascii", "ascii", "utf-8", "utf8", "iso-8859-1", "windows-1252", "latin1"))
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932"}
