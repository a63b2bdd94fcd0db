"""DICOM radiographs: one frame, decoded, in MONOCHROME2 sense (PS3.3 C.7.6.3, C.8.11).

Runs inside the sandbox. Only the frame asked for is decoded, and only after its size, the number
of frames and the declared bits have been checked.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbm.case import Picture, Window
from mmbm.config import Limits
from mmbm.errors import NoSignal, TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io import header
from mmbm.io.attributes import code, number, numbers, of_frame
from mmbm.io.grayscale import Rendered, render

__all__ = ["decode", "looks_like_dicom"]

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")  # lossless, near-lossless


def looks_like_dicom(content: bytes) -> bool:
    """Whether the mark after the 128-byte preamble is there (PS3.10 section 7.1)."""
    return content[128:132] == b"DICM"


def decode(content: bytes, limits: Limits, frame: int = 0) -> Picture:
    """Read one frame of a DICOM file.

    Raises: UnreadableFile, UnsupportedFile, TooLarge, NoSignal.
    """
    dataset = _parse(content)
    header.refuse_other_documents(dataset)
    if not any(keyword in dataset for keyword in _PIXELS):
        raise NoSignal(
            "This DICOM file holds no picture, or was cut short; please choose the image itself."
        )
    frames = _check_sizes(dataset, limits, frame)
    stored = _decode_frame(dataset, frame)
    attributes = of_frame(dataset, frame)
    coloured = stored.ndim == 3
    rendered = _grey(stored, dataset) if coloured else render(stored, dataset, attributes)
    facts = header.facts(dataset)
    return Picture(
        pixels=rendered.pixels,
        shown=rendered.shown,
        windows=rendered.windows,
        spacing_mm=_spacing(attributes),
        frame=frame,
        frames=frames,
        file_format="DICOM",
        dicom_modality=facts.modality,
        body_part=facts.body_part,
        view=facts.view,
        photometric=code(dataset, "PhotometricInterpretation"),
        transfer_syntax=dataset.file_meta.TransferSyntaxUID.name,
        bits_stored=int(number(dataset, "BitsStored") or 8 * stored.dtype.itemsize),
        warnings=header.cautions(
            dataset,
            facts,
            frames=frames,
            coloured=coloured,
            window_ignored=rendered.window_ignored,
            shape=stored.shape[:2],
        ),
    )


def _parse(content: bytes) -> Any:
    import pydicom

    try:
        dataset = pydicom.dcmread(io.BytesIO(content), force=True)
        known = any(tag in dataset for tag in ("SOPClassUID", "Modality", "Rows", "PatientID"))
        known = known or "MediaStorageSOPClassUID" in getattr(dataset, "file_meta", ())
        dataset.ensure_file_meta()
        if "TransferSyntaxUID" not in dataset.file_meta:
            dataset.file_meta.TransferSyntaxUID = _guessed_syntax(dataset)
    except MemoryError:
        raise
    except Exception as exc:
        raise UnreadableFile("The DICOM header is damaged; please export the image again.") from exc
    if not (known or looks_like_dicom(content)):
        raise UnreadableFile(
            "This is not a DICOM, PNG or JPEG picture; please choose a chest radiograph."
        )
    return dataset


def _guessed_syntax(dataset: Any) -> Any:
    """How a file without meta information was written, as far as reading it tells."""
    from pydicom import uid

    implicit, little = dataset.original_encoding
    if little is False:
        return uid.ExplicitVRBigEndian
    return uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian


def _check_sizes(dataset: Any, limits: Limits, frame: int) -> int:
    """How many frames the file declares. Raises before anything is decoded."""
    rows, columns = number(dataset, "Rows"), number(dataset, "Columns")
    bits = number(dataset, "BitsAllocated")
    if not rows or not columns or bits not in (1, 8, 16, 32, 64):
        raise UnreadableFile(
            "The DICOM header does not give the picture's size; please export the image again."
        )
    if rows * columns > limits.pixels:
        raise TooLarge(
            f"The picture is {columns:.0f} x {rows:.0f} pixels; "
            f"at most {limits.pixels / 1e6:.0f} million are read."
        )
    frames = int(number(dataset, "NumberOfFrames") or 1)
    if frames > limits.frames:
        raise TooLarge(f"The file holds {frames} frames; at most {limits.frames} are read.")
    if not 0 <= frame < max(frames, 1):
        raise UnsupportedFile(
            f"Frame {frame + 1} was asked for; the file holds {frames}. Choose another frame."
        )
    return max(frames, 1)


def _decode_frame(dataset: Any, frame: int) -> NDArray[Any]:
    """(height, width), or (height, width, 3) RGB, integer or float."""
    from pydicom.pixels.processing import apply_color_lut
    from pydicom.pixels.utils import pixel_array

    try:
        if dataset.file_meta.TransferSyntaxUID == _JPEG_EXTENDED:
            _repair_scan(dataset)
        jpeg_ls = dataset.file_meta.TransferSyntaxUID in _JPEG_LS
        plugin = "pyjpegls" if jpeg_ls else ""  # CharLS: three times faster than libjpeg
        stored: NDArray[Any] = pixel_array(dataset, index=frame, decoding_plugin=plugin)
        if code(dataset, "PhotometricInterpretation") == "PALETTE COLOR":
            stored = apply_color_lut(stored, dataset)
    except MemoryError:
        raise
    except Exception as exc:
        name = getattr(dataset.file_meta.TransferSyntaxUID, "name", "")
        raise UnreadableFile(
            f"The picture inside this DICOM file could not be decoded ({name}): it is damaged "
            "or of an unusual kind. Please export it uncompressed."
        ) from exc
    if stored.ndim not in (2, 3) or (stored.ndim == 3 and stored.shape[-1] != 3):
        raise UnreadableFile("The picture inside this DICOM file has an unknown layout.")
    return stored


def _repair_scan(dataset: Any) -> None:
    """Some writers of sequential JPEG leave the end of spectral selection at 0; it must be 63.

    Source: ITU-T T.81, table B.3. libjpeg refuses such a scan; its data are fine.
    """
    stream = bytearray(dataset.PixelData)
    at = stream.find(b"\xff\xd8\xff") + 2
    while 2 <= at < len(stream) - 8 and stream[at] == 0xFF and stream[at + 1] != 0xDA:
        at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    selection = at + 5 + 2 * stream[at + 4] if at < len(stream) - 8 else len(stream)
    if stream[at : at + 2] == b"\xff\xda" and stream[selection : selection + 2] == b"\0\0":
        stream[selection + 1] = 63
        dataset.PixelData = bytes(stream)


def _grey(stored: NDArray[Any], dataset: Any) -> Rendered:
    """A colour picture (height, width, 3) by its luminance."""
    luminance = (stored @ _LUMA).astype(np.float32)
    if np.ptp(luminance) < 1e-3:
        raise NoSignal("The picture is one even grey: there is nothing to see in it.")
    bits = number(dataset, "BitsStored") or 8
    top = float(2 ** min(max(bits, 1), 32) - 1)
    top = max(top, float(stored.max()))
    shown = np.clip(luminance / top, 0.0, 1.0, dtype=np.float32)
    return Rendered(luminance, shown, (Window(top / 2 + 0.5, top + 1, "full"),))


def _spacing(attributes: Any) -> tuple[float, float] | None:
    """(row, column) pitch in millimetres: in the patient, or else at the detector."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        pitch = numbers(attributes, keyword)
        if len(pitch) == 2 and min(pitch) > 0:
            return (pitch[0], pitch[1])
    return None
