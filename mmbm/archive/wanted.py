"""What both ways of speaking to an archive share: the extra, the terms, the refusal."""

from __future__ import annotations

import logging
from importlib.util import find_spec

from mmbm.errors import ArchiveError, ConfigError
from mmbm.io.header import RADIOGRAPHS
from mmbm.io.terms import term
from mmbm.privacy import quote_nothing
from mmbm.text import Sentence, known, sentence

__all__ = ["Declined", "installed", "is_radiograph", "modality_name", "modality_term"]


class Declined(ArchiveError):
    """The archive answers, and declines this one study or file."""


def installed(package: str, *loggers: str) -> None:
    """Silence what logs identifiers. Raises ConfigError where the extra is not installed."""
    if find_spec(package) is None:
        raise ConfigError(sentence("archive.not_installed"))
    quote_nothing()
    for name in (package, *loggers):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def modality_term(text: str) -> str:
    """A modality that the standard knows; blank for all else, which may be anything."""
    return term("Modality", text.strip().upper())


def is_radiograph(modality: str) -> bool:
    """Whether it is an X-ray film's, or not stated."""
    return not modality or modality in RADIOGRAPHS


def modality_name(modality: str) -> Sentence:
    """A modality in words, or else by its code."""
    code = f"io.modality.{modality.lower()}"
    return sentence(code) if known(code) else sentence("io.modality_code", code=modality or "?")
