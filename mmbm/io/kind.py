"""Which part of a case a file is, by its first bytes, then by its name."""

from __future__ import annotations

from pathlib import PurePath

from mmbm.case import Modality

__all__ = ["kind_of"]

_SIGNATURES: tuple[tuple[int, bytes, Modality], ...] = (  # where, what, of which part
    (128, b"DICM", "image"),
    (0, b"\x08\x00", "image"),  # a DICOM data set without its preamble
    (0, b"\x02\x00", "image"),  # the same, from its file meta group on
    (0, b"\x89PNG", "image"),
    (0, b"\xff\xd8\xff", "image"),
    (0, b"GIF8", "image"),
    (0, b"BM", "image"),
    (0, b"II*\0", "image"),
    (0, b"MM\0*", "image"),
    (4, b"jP  ", "image"),
    (8, b"WEBP", "image"),
    (8, b"WAVE", "audio"),
    (8, b"AIFF", "audio"),
    (8, b"AIFC", "audio"),
    (4, b"ftyp", "audio"),
    (0, b"fLaC", "audio"),
    (0, b"OggS", "audio"),
    (0, b"ID3", "audio"),
    (0, b"\xff\xf1", "audio"),
    (0, b"\xff\xf9", "audio"),
    (0, b"\xff\xfa", "audio"),
    (0, b"\xff\xfb", "audio"),
    (0, b"\xff\xf2", "audio"),
    (0, b"\xff\xf3", "audio"),
    (0, b"\x1aE\xdf\xa3", "audio"),
    (0, b"caff", "audio"),
    (0, b".snd", "audio"),
    (0, b"#!AMR", "audio"),
    (0, b"%PDF", "notes"),
    (0, b"PK\x03\x04", "notes"),
    (0, b"{\\rtf", "notes"),
    (0, b"\xd0\xcf\x11\xe0", "notes"),
)
_SUFFIXES: dict[str, Modality] = dict.fromkeys(
    ("dcm", "dicom", "ima", "png", "jpg", "jpeg", "jp2", "tif", "tiff", "bmp", "gif", "webp"),
    "image",
)
_SUFFIXES |= dict.fromkeys(
    ("txt", "md", "pdf", "doc", "docx", "docm", "dotx", "rtf", "odt", "htm", "html", "eml"), "notes"
)
_SUFFIXES |= dict.fromkeys(
    ("wav", "ogg", "oga", "opus", "mp3", "m4a", "mp4", "aac", "webm", "flac", "aif", "aiff", "caf"),
    "audio",
)


def kind_of(content: bytes, name: str) -> Modality | None:
    """The part that a file is, None where neither its first bytes nor its name tell."""
    for at, signature, modality in _SIGNATURES:
        if content[at : at + len(signature)] == signature:
            return modality
    return _SUFFIXES.get(PurePath(name).suffix.lower().lstrip("."))
