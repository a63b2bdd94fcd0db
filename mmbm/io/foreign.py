"""Files that are no notes this program reads, told by their first bytes and named."""

from __future__ import annotations

import re

from mmbm.errors import UnsupportedFile
from mmbm.text import sentence

__all__ = ["refuse_foreign"]

_STARTS = {  # kinds by the codes of their sentences
    b"{\\rtf": "rtf",
    b"\x89PNG": "picture",
    b"\xff\xd8\xff": "picture",
    b"GIF8": "picture",
    b"II*\x00": "picture",
    b"MM\x00*": "picture",
    b"\x00\x00\x00\x0cjP  ": "picture",
    b"OggS": "sound",
    b"ID3": "sound",
    b"fLaC": "sound",
    b"\x1aE\xdf\xa3": "sound",
    b"caff": "sound",
    b"\x1f\x8b": "archive",
    b"7z\xbc\xaf\x27\x1c": "archive",
    b"Rar!": "archive",
    b"BZh": "archive",
    b"\xfd7zXZ": "archive",
    b"x\x9f>\x22": "winmail",
    b"bplist00": "web_archive",
    b"%!PS": "postscript",
    b"%FDF-": "form_data",
    b"MSH|": "hl7",
    b"BHS|": "hl7",
    b"FHS|": "hl7",
    b"BEGIN:V": "contact",
    b"SQLite format 3": "database",
}
_ENCODED = {  # encodings by their names
    b"=ybegin ": "yEnc",
    b"(This file must be converted": "BinHex",
    b"<~": "Ascii85",
}
_ENCRYPTED = {  # standards by their names
    b"-----BEGIN PGP": "PGP",
    b"-----BEGIN PKCS7": "S/MIME",
    b"-----BEGIN CMS": "S/MIME",
}
_UUENCODED = re.compile(rb"begin(?:-base64)? [0-7]{3} \S")
_OLE = b"\xd0\xcf\x11\xe0"
_OLE_KINDS = (  # by the names of the streams within
    ("EncryptedPackage", "locked_office"),
    ("WordDocument", "old_word"),
    ("__properties_version1", "outlook"),
    ("Workbook", "excel"),
    ("PowerPoint Document", "powerpoint"),
    ("", "old_office"),
)
_ZIP_KINDS = {
    b"application/vnd.oasis.opendocument.text": "open_document",
    b"application/epub+zip": "epub",
}


def refuse_foreign(content: bytes) -> None:
    """Raises UnsupportedFile, naming what the file is, for all kinds known here."""
    text = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n\x0b")
    encoding = "uuencode" if _UUENCODED.match(text) else _by_start(_ENCODED, text)
    if kind := _kind(content) or _by_start(_STARTS, text):
        raise UnsupportedFile(sentence(f"io.foreign.{kind}"))
    if encoding:
        raise UnsupportedFile(sentence("io.encoded", encoding=encoding))
    if standard := _by_start(_ENCRYPTED, text):
        raise UnsupportedFile(sentence("io.encrypted", standard=standard))


def _by_start(kinds: dict[bytes, str], text: bytes) -> str:
    return next((kind for start, kind in kinds.items() if text.startswith(start)), "")


def _kind(content: bytes) -> str:
    """What more than the first bytes tells; blank where they do not."""
    if content[128:132] == b"DICM":
        return "dicom"
    if content.startswith(_OLE):
        return next(kind for name, kind in _OLE_KINDS if name.encode("utf-16-le") in content)
    if content.startswith(b"PK\x03\x04"):
        return next((kind for mark, kind in _ZIP_KINDS.items() if mark in content[30:200]), "")
    if content.startswith(b"RIFF") and content[8:12] in (b"WAVE", b"AVI "):
        return "sound"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "picture"
    if content[4:8] == b"ftyp":
        return "picture" if content[8:12] in (b"heic", b"mif1", b"avif") else "sound"
    if content.startswith(b"BM") and content[6:10] == bytes(4):
        return "picture"
    if content[:1] == b"\xff" and content[1:2] in (b"\xfb", b"\xf3", b"\xf2", b"\xf1", b"\xf9"):
        return "sound"
    return ""
