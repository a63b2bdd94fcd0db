"""A part of a stored case without what leads to its patient, to be written into an export."""

from __future__ import annotations

import re

from mmbm.case import Modality, Notes, Picture, Sound
from mmbm.privacy import mask
from mmbm.privacy.files import clean_film, clean_picture, clean_sound
from mmbm.store.cases import part_of
from mmbm.store.records import Given
from mmbm.text import Language, sentence

__all__ = ["cleaned"]

LEAST = 3  # characters of a patient's number that is looked for in the notes


def cleaned(modality: Modality, given: Given, *, salt: bytes, patient: str = "") -> Given:
    """The same part with other names: of a header, of a file, of the notes.

    ``salt`` is the store's own, so that UIDs of one export still refer to each other. ``patient``,
    as the store calls him, goes out of the notes even where no rule would find it.

    Raises
    ------
    ConfigError
        The extra "privacy" is not installed.
    InputError
        The file cannot be read.
    """
    if given.kind == "fields":
        return given
    part = part_of(modality, given)
    if isinstance(part, Notes):
        text = masked(part, patient).encode()
        return given.model_copy(update={"name": "", "content": text, "kind": "typed"})
    if isinstance(part, Sound):
        return given.model_copy(update={"name": "sound.wav", "content": clean_sound(part)})
    assert isinstance(part, Picture)
    if part.file_format == "DICOM":
        content = clean_film(given.content, salt)
        return given.model_copy(update={"name": "film.dcm", "content": content})
    return Given(name="picture.png", content=clean_picture(part))


def masked(notes: Notes, patient: str) -> str:
    """The text with a word for each thing that names somebody."""
    language: Language = "zh" if notes.language == "zh" else "en"
    text = notes.text
    if len(patient) >= LEAST:
        word = sentence("privacy.mask.number").into(language)
        text = re.sub(re.escape(patient), word, text, flags=re.IGNORECASE)
    return mask(text, language).text
