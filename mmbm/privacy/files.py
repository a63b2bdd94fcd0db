"""Files without what leads to a patient: a DICOM film, a picture, a recording, each written anew.

Pixels and sounds stay as they are: what is burned into a film or said in a recording stays too.
"""

from __future__ import annotations

import wave
from importlib.util import find_spec
from io import BytesIO
from typing import cast

import numpy as np

from mmbm.case import SAMPLE_RATE, Picture, Sound
from mmbm.config import Limits
from mmbm.errors import ConfigError, UnreadableFile
from mmbm.io import sandbox
from mmbm.io.wire import Written
from mmbm.privacy.dicom import deidentified
from mmbm.text import sentence

__all__ = ["clean_film", "clean_picture", "clean_sound"]

_FULL_SCALE = 2**31 - 1  # of a sample of 32 bits


def clean_film(content: bytes, salt: bytes) -> bytes:
    """A DICOM file by the Basic Profile (:func:`mmbm.privacy.deidentified`), in the sandbox.

    Raises
    ------
    ConfigError
        The extra "privacy" is not installed.
    UnreadableFile, TooLarge
    """
    if find_spec("dicomanonymizer") is None:
        raise ConfigError(sentence("privacy.extra"))
    made = sandbox.run("mmbm.privacy.files:film", content, "", Limits(), salt=salt.hex())
    return cast(Written, made).content


def film(content: bytes, name: str, limits: Limits, *, salt: str) -> Written:
    """What the sandbox runs. Raises UnreadableFile where the file cannot be written again."""
    from pydicom import dcmread
    from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

    buffer = BytesIO()
    try:
        given = dcmread(BytesIO(content), force=True)
        if "TransferSyntaxUID" not in given.file_meta:  # a data set alone
            implicit = given.original_encoding[0]
            syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
            given.file_meta.TransferSyntaxUID = syntax
        clean = deidentified(given, bytes.fromhex(salt))
        clean.save_as(buffer, enforce_file_format=True)
    except (ValueError, AttributeError, TypeError, LookupError) as exc:
        raise UnreadableFile(sentence("privacy.film")) from exc
    return Written(buffer.getvalue())


def clean_picture(picture: Picture) -> bytes:
    """The grey levels of a PNG or JPEG as a PNG, and nothing else of it."""
    from PIL import Image

    deep = picture.bits_stored > 8
    most = 65535 if deep else 255
    levels = np.clip(np.rint(picture.pixels), 0, most).astype(np.uint16 if deep else np.uint8)
    buffer = BytesIO()
    Image.fromarray(levels).save(buffer, "PNG")
    return buffer.getvalue()


def clean_sound(sound: Sound) -> bytes:
    """The recording as the model hears it: WAV, 16 kHz, mono, 32 bits."""
    samples = np.rint(sound.waveform.astype(np.float64) * _FULL_SCALE).astype("<i4")
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(4)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()
