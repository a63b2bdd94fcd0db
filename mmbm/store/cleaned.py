"""A part of a stored case without what leads to its patient, to be written into an export."""

from __future__ import annotations

import re
from typing import NamedTuple

from mmbm.case import Modality, Notes, Picture, Sound
from mmbm.privacy import mask
from mmbm.privacy.burned_in import burned_in
from mmbm.privacy.files import clean_film, clean_picture, clean_sound
from mmbm.store.cases import part_of
from mmbm.store.records import Given
from mmbm.text import Language, sentence

__all__ = ["Clean", "cleaned"]

LEAST = 3  # characters of a patient's number that is looked for in the notes


class Clean(NamedTuple):
    """A part without names; whether its pixels seem to have text burned in."""

    given: Given
    lettered: bool = False


def cleaned(modality: Modality, given: Given, *, salt: bytes, patient: str = "") -> Clean:
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
        return Clean(given)
    part = part_of(modality, given)
    if isinstance(part, Notes):
        text = masked(part, patient).encode()
        kind = "dictated" if given.kind == "dictated" else "typed"
        return Clean(given.model_copy(update={"name": "", "content": text, "kind": kind}))
    if isinstance(part, Sound):
        return Clean(given.model_copy(update={"name": "sound.wav", "content": clean_sound(part)}))
    assert isinstance(part, Picture)
    if part.file_format == "DICOM":
        content = clean_film(given.content, salt)
        made = given.model_copy(update={"name": "film.dcm", "content": content})
    else:
        made = Given(name="picture.png", content=clean_picture(part))
    return Clean(made, burned_in(part.shown))


def masked(notes: Notes, patient: str) -> str:
    """The text with a word for each thing that names somebody."""
    language: Language = "zh" if notes.language == "zh" else "en"
    text = notes.text
    if len(patient) >= LEAST:
        word = sentence("privacy.mask.number").into(language)
        text = re.sub(re.escape(patient), word, text, flags=re.IGNORECASE)
    return mask(text, language).text
