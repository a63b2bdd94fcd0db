"""What a DICOM header says of its pixels; where it is silent, the one value that fits."""

from __future__ import annotations

from typing import Any, NamedTuple

from mmbm.config import Limits
from mmbm.errors import TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io.attributes import code, number
from mmbm.text import Sentence, sentence

__all__ = [
    "Header",
    "assumed_sense",
    "check_size",
    "completed",
    "pixel_header",
    "too_many_pixels",
    "without_size",
]

_PHOTOMETRIC = ("MONOCHROME1", "MONOCHROME2", "RGB", "PALETTE COLOR", "YBR_")


class Header(NamedTuple):
    """What the header says of the pixels; None where it is silent."""

    rows: int | None
    columns: int | None
    samples: int | None
    allocated: int | None
    stored: int | None
    high: int | None
    signed: bool | None
    photometric: str


def pixel_header(dataset: Any) -> Header:
    """What the header says; what it is silent about, or says wrongly, is None."""

    def whole(keyword: str) -> int | None:
        found = number(dataset, keyword)
        return None if found is None else int(found)

    def positive(keyword: str) -> int | None:
        found = whole(keyword)
        return found if found and found > 0 else None

    stored, high, allocated = (whole(k) for k in ("BitsStored", "HighBit", "BitsAllocated"))
    if high is not None and not 0 <= high < 64:
        high = None
    if stored is None and high is not None:
        stored = high + 1
    sign = whole("PixelRepresentation")
    photometric = code(dataset, "PhotometricInterpretation")
    return Header(
        positive("Rows"),
        positive("Columns"),
        positive("SamplesPerPixel"),
        allocated if allocated and 1 <= allocated <= 64 else None,
        stored if stored and 1 <= stored <= 64 else None,
        high,
        None if sign is None else sign == 1,
        photometric if photometric.startswith(_PHOTOMETRIC) else "",
    )


def check_size(header: Header, limits: Limits) -> None:
    """Raise TooLarge for more pixels than are read."""
    if header.rows and header.columns and header.rows * header.columns > limits.pixels:
        raise TooLarge(too_many_pixels(header.columns, header.rows, limits))


def too_many_pixels(width: int, height: int, limits: Limits) -> Sentence:
    """The sentence of a refusal for more pixels than are read."""
    millions = limits.pixels / 1e6
    return sentence("io.image.too_many_pixels", width=width, height=height, millions=millions)


def completed(header: Header, length: int, frames: int) -> tuple[Header, list[Sentence]]:
    """The header with what it is silent about filled in by the one value that fits.

    ``length`` is how many bytes the pixels of all frames have.

    Raises: UnreadableFile where nothing fits; UnsupportedFile.
    """
    n_bits = 8 * length // frames  # of one frame
    says: list[Sentence] = []
    if header.samples is None:
        samples = _samples(header, n_bits)
        says.append(sentence("io.dicom.samples_unstated", samples=samples))
        header = header._replace(samples=samples)
    samples = header.samples or 1
    if samples not in (1, 3, 4):
        raise UnsupportedFile(sentence("io.image.samples", samples=samples))
    if header.rows and header.columns:
        allocated = _allocated(header, n_bits / (header.rows * header.columns * samples))
        if allocated is not None and allocated != header.allocated:
            says.append(_other_depth(header.allocated, allocated))
        header = header._replace(allocated=allocated)
    elif (other := header.rows or header.columns) and header.allocated:
        side, left = divmod(n_bits, other * samples * header.allocated)
        if side and left < 16:
            missing = "Columns" if header.rows else "Rows"
            says.append(sentence("io.dicom.side_unstated", attribute=missing, pixels=side))
            header = header._replace(rows=header.rows or side, columns=header.columns or side)
    if not header.rows or not header.columns or not header.allocated:
        raise without_size(header)
    if not header.stored and header.photometric != "PALETTE COLOR":
        says.append(sentence("io.dicom.stored_unstated", allocated=header.allocated))
    return header, says


def _other_depth(stated: int | None, allocated: int) -> Sentence:
    if stated:
        return sentence("io.dicom.bits_wrong", stated=stated, allocated=allocated)
    return sentence("io.dicom.bits_unstated", allocated=allocated)


def _samples(header: Header, n_bits: int) -> int:
    if header.photometric.startswith("MONOCHROME") or not (header.rows and header.columns):
        return 1
    depth = n_bits // (header.rows * header.columns)  # bits of all samples of a pixel
    return 3 if depth >= 3 * (header.allocated or 8) else 1


def _allocated(header: Header, there: float) -> int | None:
    """The bits of a value: as declared, or else the whole word that fills what is there."""
    declared = header.allocated
    least = header.stored or 1
    words = [size for size in (8, 16, 32) if size >= least and abs(there - size) < 0.05]
    if not words or declared == words[0]:
        return declared
    too_many = declared is None or declared > there + 0.05
    packed_instead = declared is not None and declared % 8 > 0 and declared > 1
    too_few = declared is not None and (header.stored or 0) > declared
    return words[0] if too_many or packed_instead or too_few else declared


def without_size(header: Header) -> UnreadableFile:
    """The refusal of pixels whose size nothing tells."""
    names = {"Rows": header.rows, "Columns": header.columns, "BitsAllocated": header.allocated}
    missing = tuple(name for name, value in names.items() if not value)
    return UnreadableFile(sentence("io.dicom.no_size", attributes=missing))


def assumed_sense(header: Header, samples: int) -> list[Sentence]:
    """A sentence where the header does not say what is bright."""
    if header.photometric or samples != 1:
        return []
    return [sentence("io.dicom.sense_unstated")]
