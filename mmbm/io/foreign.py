"""Files that are no notes this program reads, told by their first bytes and named."""

from __future__ import annotations

import re

from mmbm.errors import UnsupportedFile

__all__ = ["refuse_foreign"]

_SAVE_AS = "please save it as .docx, .pdf or plain text"
_PICTURE = "a picture; please give it as the image, or type the notes"
_SOUND = "a sound or a video; please give it as the recording"
_ARCHIVE = "a compressed archive; please unpack it and give the note"
_STARTS = {
    b"{\\rtf": f"a rich text document (.rtf); {_SAVE_AS}",
    b"\x89PNG": _PICTURE,
    b"\xff\xd8\xff": _PICTURE,
    b"GIF8": _PICTURE,
    b"II*\x00": _PICTURE,
    b"MM\x00*": _PICTURE,
    b"\x00\x00\x00\x0cjP  ": _PICTURE,
    b"OggS": _SOUND,
    b"ID3": _SOUND,
    b"fLaC": _SOUND,
    b"\x1aE\xdf\xa3": _SOUND,
    b"caff": _SOUND,
    b"\x1f\x8b": _ARCHIVE,
    b"7z\xbc\xaf\x27\x1c": _ARCHIVE,
    b"Rar!": _ARCHIVE,
    b"BZh": _ARCHIVE,
    b"\xfd7zXZ": _ARCHIVE,
    b"x\x9f>\x22": "an Outlook attachment (winmail.dat); please save the mail's text",
    b"bplist00": f"a Safari web archive or another property list; {_SAVE_AS}",
    b"%!PS": f"a PostScript document; {_SAVE_AS}",
    b"%FDF-": "the form data of a PDF without its form; please print the filled form to a PDF",
    b"MSH|": "an HL7 version 2 message; please export the report as text or PDF",
    b"BHS|": "an HL7 version 2 batch; please export the report as text or PDF",
    b"FHS|": "an HL7 version 2 batch; please export the report as text or PDF",
    b"=ybegin ": f"encoded data (yEnc); {_SAVE_AS}",
    b"(This file must be converted": f"encoded data (BinHex); {_SAVE_AS}",
    b"<~": f"encoded data (Ascii85); {_SAVE_AS}",
    b"-----BEGIN PGP": "encrypted or signed (PGP); please save its text alone",
    b"-----BEGIN PKCS7": "encrypted or signed (S/MIME); please save its text alone",
    b"-----BEGIN CMS": "encrypted or signed (S/MIME); please save its text alone",
    b"BEGIN:V": "a contact or calendar file; please give the note",
    b"SQLite format 3": "a database; please export the note",
}
_UUENCODED = re.compile(rb"begin(?:-base64)? [0-7]{3} \S")
_OLE = b"\xd0\xcf\x11\xe0"
_OLE_KINDS = (  # by the names of the streams within
    ("EncryptedPackage", "an Office document with a password; please save it without one"),
    ("WordDocument", f"an old Word document (.doc); {_SAVE_AS}"),
    ("__properties_version1", "an Outlook message (.msg); please save it as text or .eml"),
    ("Workbook", "an Excel workbook; please save the note as text"),
    ("PowerPoint Document", f"a PowerPoint presentation; {_SAVE_AS}"),
    ("", f"an old Office document; {_SAVE_AS}"),
)
_ZIP_KINDS = {
    b"application/vnd.oasis.opendocument.text": f"an OpenDocument text (.odt); {_SAVE_AS}",
    b"application/epub+zip": f"an e-book (EPUB); {_SAVE_AS}",
}


def refuse_foreign(content: bytes) -> None:
    """Raises UnsupportedFile, naming what the file is, for all kinds known here."""
    if what := _foreign(content):
        raise UnsupportedFile(f"This file is {what}.")


def _foreign(content: bytes) -> str:
    if content[128:132] == b"DICM":
        return "a DICOM file; please give it as the image"
    if content.startswith(_OLE):
        return next(what for name, what in _OLE_KINDS if name.encode("utf-16-le") in content)
    if content.startswith(b"PK\x03\x04"):
        return next((what for kind, what in _ZIP_KINDS.items() if kind in content[30:200]), "")
    if content.startswith(b"RIFF") and content[8:12] in (b"WAVE", b"AVI "):
        return _SOUND
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _PICTURE
    if content[4:8] == b"ftyp":
        return _PICTURE if content[8:12] in (b"heic", b"mif1", b"avif") else _SOUND
    if content.startswith(b"BM") and content[6:10] == bytes(4):
        return _PICTURE
    if content[:1] == b"\xff" and content[1:2] in (b"\xfb", b"\xf3", b"\xf2", b"\xf1", b"\xf9"):
        return _SOUND
    text = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n\x0b")
    if _UUENCODED.match(text):
        return f"encoded data (uuencode); {_SAVE_AS}"
    return next((what for start, what in _STARTS.items() if text.startswith(start)), "")
