"""A case: one patient's inputs at one time. What ``io`` makes and everything else takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mmbm.patient import NO_STUDY, NOBODY, Patient, Study, disagreements
from mmbm.text import Sentence

__all__ = [
    "MODALITIES",
    "SAMPLE_RATE",
    "Case",
    "Modality",
    "Notes",
    "Part",
    "Patient",
    "Picture",
    "Sound",
    "Study",
    "Window",
]

Modality = str  # "image", "notes", "audio", or one that a user adds
MODALITIES: tuple[Modality, ...] = ("image", "notes", "audio")  # that come with the program

SAMPLE_RATE = 16_000  # Hz, of every Sound


class Window(NamedTuple):
    """A linear window in the units of ``Picture.pixels`` (DICOM PS3.3 C.11.2.1.2)."""

    center: float
    width: float
    name: str = ""

    @property
    def of_file(self) -> bool:
        """Whether the file gives it; "auto" is made from the pixels, "full" is all of them."""
        return self.name not in ("auto", "full")


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One radiograph, as read.

    ``pixels`` and ``shown`` are both upright, as the header's orientation says, and in MONOCHROME2
    sense: the larger, the brighter (bone bright, air dark); a MONOCHROME1 film, and one whose VOI
    LUT falls, has been turned round, its windows with it. ``pixels`` keeps every grey level that
    the file stores, whatever its window; padding has the least value of the rest.
    """

    pixels: NDArray[np.float32]  # (height, width), after rescale or modality LUT
    shown: NDArray[np.float32]  # (height, width) in [0, 1], after VOI LUT or the first window
    windows: tuple[Window, ...] = ()  # the first one made ``shown``; "auto" and "full" are ours
    spacing_mm: tuple[float, float] | None = None  # (row, column) pitch in millimetres
    at_detector: bool = False  # whether that is the pitch at the detector, not in the patient
    orientation: tuple[str, str] = ("", "")  # where rows and columns run: L R A P H F or blank
    frame: int = 0  # which frame this is, from 0
    frames: int = 1  # how many the file holds
    file_format: str = ""  # "DICOM", "PNG", "JPEG"
    dicom_modality: str = ""  # CR, DX, CT, …; blank for PNG and JPEG
    body_part: str = ""
    view: str = ""  # PA, AP, LL, …
    turned: str = ""  # how the file stores it: transposed, mirrored, upside down
    patient: Patient = NOBODY  # as the header says, for comparison with the notes
    study: Study = NO_STUDY  # as the header says
    photometric: str = ""  # as stored: MONOCHROME1, MONOCHROME2, RGB, …
    transfer_syntax: str = ""  # its name, e.g. "JPEG 2000 Image Compression"
    bits_stored: int = 8
    warnings: tuple[Sentence, ...] = ()  # for the reader


@dataclass(frozen=True, slots=True)
class Notes:
    """The clinical notes, verbatim."""

    text: str
    language: Literal["en", "zh", "other"] = "en"
    file_format: str = "typed"  # typed, dictated, txt, md, pdf, docx, html, mail, fhir, cda
    pages: int = 1
    charset: str = "utf-8"
    warnings: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A recording, resampled to 16 kHz mono."""

    waveform: NDArray[np.float32]  # (n_samples,) in [-1, 1], 16 kHz
    original_rate: int = SAMPLE_RATE  # Hz
    channels: int = 1
    codec: str = ""  # "pcm_s16le", "opus", …
    container: str = ""  # "wav", "ogg", …
    warnings: tuple[Sentence, ...] = ()
    start: float = 0.0  # s of silence at the beginning of the file that were left out

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return len(self.waveform) / SAMPLE_RATE


class Part(Protocol):
    """What a case holds of one modality."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Plain sentences for the reader."""
        ...


class Case:
    """One patient's inputs at one time; any part may be missing, not all of them.

    A further modality's part is given by its name: ``Case(image=..., ecg=...)``.
    """

    __slots__ = ("parts",)

    parts: Mapping[Modality, Any]  # what was given, in the order of ``MODALITIES``

    def __init__(
        self,
        image: Picture | None = None,
        notes: Notes | None = None,
        audio: Sound | None = None,
        **further: Part | None,
    ) -> None:
        given = {"image": image, "notes": notes, "audio": audio, **further}
        self.parts = MappingProxyType({m: part for m, part in given.items() if part is not None})

    @property
    def image(self) -> Picture | None:
        """The chest X-ray."""
        return self.parts.get("image")

    @property
    def notes(self) -> Notes | None:
        """The clinical notes."""
        return self.parts.get("notes")

    @property
    def audio(self) -> Sound | None:
        """The lung sound."""
        return self.parts.get("audio")

    @property
    def present(self) -> tuple[Modality, ...]:
        """The modalities that were given."""
        return tuple(self.parts)

    @property
    def warnings(self) -> tuple[Sentence, ...]:
        """What the readers had to say of each part, and where two parts contradict each other."""
        says = [w for part in self.parts.values() for w in part.warnings]
        if self.image is not None and self.notes is not None:
            says += disagreements(self.image.patient, self.notes.text)
        return tuple(says)
