"""Everything MMBM refuses, as one tree.

::

    MMBMError                      one plain sentence: what was given, what was expected, what to do
    ├── InputError                 something the user handed in
    │   ├── UnreadableFile         the bytes are not what they claim to be, or are damaged
    │   ├── UnsupportedFile        readable, but of a kind this program does not take
    │   ├── TooLarge               over a limit (bytes, pixels, frames, seconds, pages)
    │   ├── NoSignal               readable, but empty: no pixels, no words, silence
    │   └── ManifestError          a row of a manifest is invalid; names line and column
    ├── Cancelled                  the reader stopped a calculation
    ├── ConfigError                an unknown or invalid setting; lists the valid ones
    ├── ArchiveError               the archive cannot be reached, or refuses
    ├── OutOfMemory                neither the graphics card's nor the computer's memory suffices
    ├── ModelError                 a model folder that cannot be used
    │   ├── ModelNotFound
    │   └── ModelTampered          a file whose sha256 is not the one that the checksums list
    └── StoreError                 a store of cases that cannot be used, or refuses an act
        └── StoreDamaged           its database or a file of it is not what was written

Messages never hold a patient's data: no file content, no names, no identifiers.
"""

from __future__ import annotations

from mmbm.text import Language, Sentence, as_sentence

__all__ = [
    "ArchiveError",
    "Cancelled",
    "ConfigError",
    "InputError",
    "MMBMError",
    "ManifestError",
    "ModelError",
    "ModelNotFound",
    "ModelTampered",
    "NoSignal",
    "OutOfMemory",
    "StoreDamaged",
    "StoreError",
    "TooLarge",
    "UnreadableFile",
    "UnsupportedFile",
]


class MMBMError(Exception):
    """Base of every error raised on purpose. ``str(error)`` is one sentence fit for a screen."""

    @property
    def sentence(self) -> Sentence:
        """What it says; what was raised with a bare text is said as it is."""
        return as_sentence(self.args[0] if self.args else "")

    def into(self, language: Language) -> str:
        """What it says, in a language."""
        return self.sentence.into(language)


class InputError(MMBMError):
    """Something the user handed in cannot be used."""


class UnreadableFile(InputError):
    """The bytes are damaged, or are not what their name says."""


class UnsupportedFile(InputError):
    """A readable file of a kind this program does not take."""


class TooLarge(InputError):
    """Over one of the limits in :class:`mmbm.config.Limits`."""


class NoSignal(InputError):
    """A readable file with nothing in it: no pixels, no words, silence."""


class ManifestError(InputError):
    """A manifest row that cannot be used; the message names the line and the column."""


class Cancelled(MMBMError):
    """The reader stopped a calculation; nothing of it is kept."""


class ConfigError(MMBMError):
    """An unknown or invalid setting; the message lists the valid ones."""


class ArchiveError(MMBMError):
    """The archive cannot be reached, or refuses; what waits to be sent stays."""


class OutOfMemory(MMBMError):
    """Neither the graphics card's nor the computer's memory suffices; nothing is lost by it."""


class ModelError(MMBMError):
    """A model folder that cannot be used."""


class ModelNotFound(ModelError):
    """No model of this name, and no model folder at this path."""


class ModelTampered(ModelError):
    """A file's sha256 is not the one that the folder's checksums list."""


class StoreError(MMBMError):
    """A store that cannot be used, or an act that it refuses; nothing that it held is lost."""


class StoreDamaged(StoreError):
    """A store's database or a file in it is not what was written."""
