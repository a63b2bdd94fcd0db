"""DICOM radiographs: one frame, decoded, upright, in MONOCHROME2 sense (PS3.3 C.7.6.3, C.8.11).

Runs inside the sandbox. Only the frame asked for is decoded, and only after its size, the number
of frames and the declared bits have been checked, in the header and in the codestream.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mmbm.case import Picture, Window
from mmbm.config import Limits
from mmbm.errors import NoSignal, UnreadableFile
from mmbm.io import header, orientation
from mmbm.io.attributes import OfFrame, code, numbers, of_frame
from mmbm.io.elements import File, looks_like_dicom, parse
from mmbm.io.grayscale import Rendered, refuse_even, render
from mmbm.io.patient import patient_of, study_of
from mmbm.io.stored import read_stored
from mmbm.io.terms import term
from mmbm.io.values import Stored
from mmbm.text import Sentence, sentence

__all__ = ["decode", "looks_like_dicom"]


def decode(content: bytes, limits: Limits, frame: int = 0) -> Picture:
    """Read one frame of a DICOM file.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    file = parse(content, limits)
    dataset = file.dataset
    header.refuse_other_documents(dataset, file.storage_class)
    if file.pixels is None:
        raise _without_picture(file)
    stored = read_stored(file, file.pixels, limits, frame)
    of = of_frame(dataset, frame)
    rendered = _grey(stored) if stored.coloured else render(stored, dataset, of)
    facts = header.facts(dataset, of)
    turn = orientation.find_turn(dataset, of)
    spacing, at_detector = _spacing(of, dataset)
    return Picture(
        pixels=turn(rendered.pixels),
        shown=turn(rendered.shown),
        windows=rendered.windows,
        spacing_mm=spacing[::-1] if spacing and turn.transposed else spacing,
        at_detector=at_detector,
        orientation=turn.along,
        frame=frame,
        frames=stored.frames,
        file_format="DICOM",
        dicom_modality=facts.modality,
        body_part=facts.body_part,
        view=facts.view,
        turned=turn.name,
        patient=patient_of(dataset),
        study=study_of(dataset),
        photometric=term("PhotometricInterpretation", code(dataset, "PhotometricInterpretation")),
        transfer_syntax=_name(file.syntax),
        bits_stored=stored.bits,
        warnings=(
            *header.cautions(
                dataset,
                facts,
                frames=stored.frames,
                coloured=stored.coloured,
                lossy=stored.lossy,
                lateral=orientation.is_lateral(dataset, of),
                shape=rendered.pixels.shape,
            ),
            *stored.cautions,
            *rendered.cautions,
            *turn.cautions,
            *_damage(file),
        ),
    )


def _without_picture(file: File) -> Exception:
    if not file.complete:
        return UnreadableFile(sentence("io.dicom.cut_before_image"))
    return NoSignal(sentence("io.dicom.no_image"))


def _damage(file: File) -> tuple[Sentence, ...]:
    if not file.damaged:
        return ()
    named = (name or sentence("io.dicom.unknown_element") for name in file.damaged)
    return (sentence("io.dicom.damaged_elements", attributes=tuple(dict.fromkeys(named))),)


def _name(syntax: str) -> str:
    """A transfer syntax by its name; a private one, or none, by nothing."""
    from pydicom.uid import UID

    name = UID(syntax).name
    return name if name != syntax else ""


def _grey(stored: Stored) -> Rendered:
    """A colour picture by its luminance, (height, width)."""
    luminance = np.asarray(stored.values, np.float32)
    refuse_even(luminance)
    top = max(float(2 ** min(stored.bits, 32) - 1), float(luminance.max()))
    shown = np.clip(luminance / top, 0.0, 1.0, dtype=np.float32)
    return Rendered(luminance, shown, (Window(top / 2 + 0.5, top + 1, "full"),))


def _spacing(of: OfFrame, dataset: Any) -> tuple[tuple[float, float] | None, bool]:
    """(row, column) pitch in millimetres, and whether it is the detector's or the film's own.

    A Pixel Spacing that is equal to the detector's was not corrected for magnification (PS3.3
    10.7.1.3).
    """
    at_detector = _pitch(dataset, "ImagerPixelSpacing")
    in_patient = _pitch(of.measures, "PixelSpacing")
    if in_patient is not None:
        return in_patient, in_patient == at_detector
    pitch = at_detector or _pitch(dataset, "NominalScannedPixelSpacing")
    return pitch, pitch is not None


def _pitch(item: Any, keyword: str) -> tuple[float, float] | None:
    pitch = numbers(item, keyword)
    return (pitch[0], pitch[1]) if len(pitch) == 2 and min(pitch) > 0 else None
