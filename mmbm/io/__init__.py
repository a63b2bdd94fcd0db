"""Bytes in, case parts out: radiographs, clinical notes and sound recordings.

Every file is untrusted until it is decoded: its size is checked here, and it is decoded in a
child process with limits (:mod:`mmbm.io.sandbox`). The file's kind is told by its content, never
by its name alone. A case's parts may also be given as paths, arrays or text (:func:`read_case`).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from mmbm.case import SAMPLE_RATE, Case, Notes, Picture, Sound, Window
from mmbm.config import Limits
from mmbm.errors import NoSignal, TooLarge, UnreadableFile
from mmbm.io import sandbox
from mmbm.io.sandbox import retire, warm
from mmbm.patient import Heading
from mmbm.text import sentence

__all__ = [
    "read_case",
    "read_heading",
    "read_notes",
    "read_picture",
    "read_sound",
    "retire",
    "typed_notes",
    "warm",
]

_LIMITS = Limits()
Part = TypeVar("Part")


def read_picture(content: bytes, name: str, *, frame: int = 0, limits: Limits = _LIMITS) -> Picture:
    """Read a radiograph: DICOM, PNG or JPEG.

    ``frame`` counts from 0 and picks one of a file with several.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    _check_size(content, limits)
    part = sandbox.run("mmbm.io.picture:decode", content, name, limits, frame=frame)
    return cast(Picture, part)


def read_heading(content: bytes, name: str, *, limits: Limits = _LIMITS) -> Heading:
    """Read what a DICOM file says it is, and no pixel of it.

    Raises: UnreadableFile, TooLarge, NoSignal.
    """
    _check_size(content, limits)
    return cast(Heading, sandbox.run("mmbm.io.heading:decode", content, name, limits))


def read_notes(content: bytes, name: str, *, limits: Limits = _LIMITS) -> Notes:
    """Read clinical notes: text, Markdown, PDF, Word, e-mail, a web page, FHIR or CDA.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    _check_size(content, limits)
    return cast(Notes, sandbox.run("mmbm.io.notes:decode", content, name, limits))


def typed_notes(text: str, *, dictated: bool = False, limits: Limits = _LIMITS) -> Notes:
    """Take clinical notes as typed, or as they were dictated. Raises TooLarge, NoSignal."""
    from mmbm.io.notes import from_text

    return from_text(text, limits, file_format="dictated" if dictated else "typed")


def read_sound(content: bytes, name: str, *, limits: Limits = _LIMITS) -> Sound:
    """Read a sound recording of nearly any format, also the sound of a video.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    _check_size(content, limits)
    return cast(Sound, sandbox.run("mmbm.io.audio:decode", content, name, limits))


def _check_size(content: bytes, limits: Limits) -> None:
    if not content:
        raise NoSignal(sentence("io.file.empty"))
    if len(content) > limits.file_bytes:
        raise TooLarge(
            sentence(
                "io.file.too_large",
                megabytes=len(content) / 2**20,
                limit=limits.file_bytes / 2**20,
            )
        )


def read_case(
    image: Picture | bytes | str | Path | NDArray[Any] | None = None,
    notes: Notes | bytes | str | Path | None = None,
    audio: Sound | bytes | str | Path | NDArray[Any] | None = None,
    *,
    frame: int = 0,
    sample_rate: int = SAMPLE_RATE,
    **further: Any,
) -> Case:
    """Read one patient's parts; any may be left out, not all.

    ``image``: a DICOM, PNG or JPEG file, by its path or its bytes (``frame`` picks one of several,
    from 0), or greys, (height, width), the larger, the brighter. ``notes``: the text itself, or a
    file by a :class:`~pathlib.Path` or its bytes. ``audio``: a file by its path or its bytes, or
    samples, (n,) or (n, channels) in [-1, 1], at ``sample_rate`` Hz. Parts of
    further modalities are given as they are, by their names.

    Raises
    ------
    UnreadableFile, UnsupportedFile, TooLarge, NoSignal

    >>> import numpy as np
    >>> case = read_case(image=np.arange(10_000.0).reshape(100, 100), notes="Cough for two days.")
    >>> case.present
    ('image', 'notes')
    >>> case.image.shown.shape, float(case.image.shown.max())
    ((100, 100), 1.0)
    """
    with ThreadPoolExecutor(3) as pool:  # each file is decoded in a process of its own
        seen = pool.submit(_image, image, frame)
        told = pool.submit(_notes, notes)
        heard = pool.submit(_audio, audio, sample_rate)
        image, notes, audio = seen.result(), told.result(), heard.result()
    if image is None and notes is None and audio is None and not further:
        raise NoSignal(sentence("io.case.empty"))
    return Case(image, notes, audio, **further)


def _image(given: Picture | bytes | str | Path | NDArray[Any] | None, frame: int) -> Picture | None:
    if isinstance(given, np.ndarray):
        return _picture(given)
    if isinstance(given, (bytes, str, Path)):
        return _opened(
            "image", given, lambda content, name: read_picture(content, name, frame=frame)
        )
    return given


def _notes(given: Notes | bytes | str | Path | None) -> Notes | None:
    if isinstance(given, str):
        return typed_notes(given)
    return _opened("notes", given, read_notes) if isinstance(given, (bytes, Path)) else given


def _audio(given: Sound | bytes | str | Path | NDArray[Any] | None, rate: int) -> Sound | None:
    if isinstance(given, np.ndarray):
        return _sound(given, rate)
    return _opened("audio", given, read_sound) if isinstance(given, (bytes, str, Path)) else given


def _opened(part: str, given: bytes | str | Path, read: Callable[[bytes, str], Part]) -> Part:
    """Read a part from a file's bytes or path. Raises UnreadableFile, and what ``read`` does."""
    if isinstance(given, bytes):
        return read(given, "")
    path = Path(given)
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as exc:
        raise UnreadableFile(sentence(f"io.case.not_opened.{part}")) from exc
    return read(content, path.name)


def _picture(greys: NDArray[Any]) -> Picture:
    """Raises NoSignal, UnreadableFile."""
    if greys.ndim != 2 or greys.dtype.kind not in "uif" or not np.isfinite(greys).all():
        raise UnreadableFile(
            sentence("io.case.image_array", shape=str(greys.shape), dtype=str(greys.dtype))
        )
    pixels = np.ascontiguousarray(greys, dtype=np.float32)
    low, high = (float(pixels.min()), float(pixels.max())) if pixels.size else (0.0, 0.0)
    if high <= low:
        raise NoSignal(sentence("io.image.even"))
    window = Window((low + high) / 2, high - low, "full")
    return Picture(pixels, (pixels - low) / (high - low), (window,), file_format="array")


def _sound(samples: NDArray[Any], rate: int) -> Sound:
    """As a WAV file is read. Raises NoSignal, UnreadableFile."""
    if samples.ndim not in (1, 2) or samples.dtype.kind != "f" or rate <= 0:
        shape, dtype = str(samples.shape), str(samples.dtype)
        raise UnreadableFile(sentence("io.case.sound_array", shape=shape, dtype=dtype, rate=rate))
    import soundfile

    wav = BytesIO()
    soundfile.write(wav, samples, rate, format="WAV", subtype="FLOAT")
    return read_sound(wav.getvalue(), "array.wav")
