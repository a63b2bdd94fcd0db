"""Plain text that was encoded on its way: undone here, so that no code is read as words.

Base64, quoted-printable, UTF-7 and HZ, percent and backslash escapes, HTML's entities, and UTF-8
that was taken for Latin-1 and encoded again.
"""

from __future__ import annotations

import base64
import html
import quopri
import re
import urllib.parse
from email.header import decode_header, make_header

from mmbm.errors import TooLarge
from mmbm.io.charset import has_chinese
from mmbm.io.letters import fitness
from mmbm.text import sentence

__all__ = ["has_code", "unwrapped", "without_escapes"]

_MOST_BYTES = 2**24  # of encoded data
_HEAD_BYTES = 2**14  # that tell whether a file is encoded as a whole
_BASE64 = re.compile(rb"\s*(?:data:[^,]{0,200};base64,)?([A-Za-z0-9+/_\-\r\n]{24,}={0,2})\s*")
_HEX = re.compile(rb"\s*+(?:[0-9A-Fa-f]{2}\s?+){32,}\s*+")
_HEADER_WORD = re.compile(r"=\?[\w-]{2,20}\?[BbQq]\?[^?\s]+\?=")
_BLOCK = re.compile(r"(?:^[A-Za-z0-9+/]{50,}={0,2}\r?\n?){3,}|[A-Za-z0-9+/]{150,}", re.MULTILINE)
_QUOTED = re.compile(rb"(?:=[89A-F][0-9A-F](?:=\r?\n)?){2}|(?:[^\n]{50,75}=\r?\n[^\n]*){2}")
_SHIFTED = re.compile(r"\+[A-Za-z0-9/+]{3,}")
_PERCENT = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f]){2}")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_ENTITY = re.compile(r"&(?:#\d{2,7}|#x[0-9A-Fa-f]{2,6}|[A-Za-z]{2,8}\d{0,2});")


def unwrapped(content: bytes) -> bytes | None:
    """The bytes within a file that is base64 or quoted-printable as a whole; None otherwise."""
    head = content[:_HEAD_BYTES]
    begun = _BASE64.fullmatch(head.rstrip(b"="))
    if begun and _is_code(begun[1].split()):
        _check_size(content)
    whole = _BASE64.fullmatch(content) if begun and len(content) <= _MOST_BYTES else None
    if whole and _is_code(whole[1].split()) and len(b"".join(whole[1].split())) % 4 != 1:
        code = b"".join(whole[1].split()).rstrip(b"=")
        return base64.b64decode(code + b"=" * (-len(code) % 4), altchars=_alphabet(code))
    if _HEX.fullmatch(head) and re.search(rb"[A-Fa-f]", head):
        _check_size(content)
        return bytes.fromhex(content.decode("ascii")) if _HEX.fullmatch(content) else None
    if _QUOTED.search(head) and b"?Q?" not in head.upper():
        _check_size(content)
        return quopri.decodestring(content)
    return None


def _check_size(content: bytes) -> None:
    if len(content) > _MOST_BYTES:
        raise TooLarge(
            sentence(
                "io.notes.encoded_too_large",
                megabytes=len(content) / 2**20,
                limit=_MOST_BYTES // 2**20,
            )
        )


def _is_code(lines: list[bytes]) -> bool:
    """Lines of one length, with capitals, small letters and digits: no list of words."""
    code = b"".join(lines).rstrip(b"=")
    return bool(lines) and (
        len({len(line) for line in lines[:-1]}) < 2
        and len(lines[-1]) <= len(lines[0])
        and all(re.search(kind, code) for kind in (rb"[A-Z]", rb"[a-z]", rb"[0-9+/_-]"))
    )


def _alphabet(code: bytes) -> bytes:
    return b"-_" if b"-" in code or b"_" in code else b"+/"


def has_code(text: str) -> bool:
    """Whether a block of base64 stands among the words."""
    return any(
        re.search("[a-z]", block) and re.search("[A-Z]", block) and re.search("[0-9+/]", block)
        for block in _BLOCK.findall(text)
    )


def without_escapes(text: str) -> str:
    """The text with escapes and double encodings undone; the same text where there are none."""
    if text.isascii():
        text = _seven_bits(text)
    if _HEADER_WORD.search(text):
        text = _HEADER_WORD.sub(lambda word: str(make_header(decode_header(word[0]))), text)
    if _PERCENT.search(text) or (text.count("%20") > 1 and " " not in text.strip()):
        text = _unquoted(text)
    if len(_ESCAPE.findall(text)) > 1:
        text = _ESCAPE.sub(lambda code: chr(int(code[1], 16)), text)
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if _ENTITY.search(text):
        text = html.unescape(text).replace("\xa0", " ")
    return _encoded_once(text)


def _seven_bits(text: str) -> str:
    """UTF-7 and HZ hold Chinese in ASCII."""
    for codec, mark in (("hz", "~{"), ("utf-7", "+")):
        if mark not in text or (codec == "utf-7" and not _SHIFTED.search(text)):
            continue
        try:
            decoded = text.encode("ascii").decode(codec)
        except UnicodeError:
            continue
        if not decoded.isascii() and (has_chinese(decoded) or fitness(decoded) > 0.5):
            return decoded
    return text


def _unquoted(text: str) -> str:
    try:
        return urllib.parse.unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        return text


def _encoded_once(text: str) -> str:
    """UTF-8 that was read as cp1252 and written again as UTF-8: every sequence is valid twice."""
    if text.isascii():
        return text
    code = bytearray()
    for char in text:
        try:
            code += char.encode("cp1252")
        except UnicodeEncodeError:
            if not "\x80" <= char <= "\x9f":
                return text
            code.append(ord(char))  # the five that cp1252 leaves out
    try:
        return bytes(code).decode()
    except UnicodeDecodeError:
        return text
