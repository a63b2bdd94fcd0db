"""What a DICOM header says about a picture, and what a reader should be told of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from mmbm.errors import UnsupportedFile
from mmbm.io.attributes import OfFrame, code, sequence, words
from mmbm.io.orientation import view
from mmbm.io.terms import term
from mmbm.text import Sentence, known, sentence

__all__ = ["RADIOGRAPHS", "Facts", "cautions", "facts", "of_the_chest", "refuse_other_documents"]

RADIOGRAPHS = frozenset({"CR", "DX", "DR", "RG", "XR"})
_CHEST = ("CHEST", "THORAX", "TORAX", "TORSO", "LUNG", "RIB", "PULMON", "HEART")
_SMALL = 200  # pixels a side

_DOCUMENTS = {  # SOP classes by the start of their UID, PS3.4 annex B.5
    "1.2.840.10008.1.3.10": "index",
    "1.2.840.10008.5.1.4.1.1.88.": "report",
    "1.2.840.10008.5.1.4.1.1.104.": "wrapped",
    "1.2.840.10008.5.1.4.1.1.9.": "waveform",
}


class Facts(NamedTuple):
    """Codes of the header; blank where it does not say."""

    modality: str
    body_part: str
    view: str


def refuse_other_documents(dataset: Any, storage_class: str) -> None:
    """Raises UnsupportedFile for DICOM files that are no pictures at all.

    ``storage_class`` is the SOP class that the file's meta information names.
    """
    sop_class = words(dataset, "SOPClassUID") or storage_class
    for start, what in _DOCUMENTS.items():
        if sop_class.startswith(start):
            raise UnsupportedFile(sentence(f"io.dicom.document.{what}"))


def facts(dataset: Any, of: OfFrame) -> Facts:
    """Modality, body part and view as codes; blank where the file does not say."""
    body_part = term("BodyPartExamined", code(dataset, "BodyPartExamined"))
    for region in sequence(of.anatomy, "AnatomicRegionSequence")[:1]:
        body_part = body_part or term("CodeMeaning", code(region, "CodeMeaning"))
    modality = term("Modality", code(dataset, "Modality"))
    return Facts(modality, body_part, term("CodeMeaning", view(dataset)))


def of_the_chest(body_part: str) -> bool:
    """Whether a body part is the chest or a part of it."""
    return any(word in body_part for word in _CHEST)


def cautions(
    dataset: Any,
    found: Facts,
    *,
    frames: int,
    coloured: bool,
    lossy: bool,
    lateral: bool,
    shape: tuple[int, ...],
) -> tuple[Sentence, ...]:
    """Plain sentences for the reader; ``shape`` is (height, width)."""
    says: list[Sentence] = []
    if not found.modality and not code(dataset, "Modality"):
        says.append(sentence("io.dicom.modality_unstated"))
    elif not found.modality:
        says.append(sentence("io.dicom.modality_unknown"))
    elif found.modality not in RADIOGRAPHS:
        says.append(sentence("io.dicom.modality_other", modality=_modality(found.modality)))
    if found.body_part and not of_the_chest(found.body_part):
        says.append(sentence("io.dicom.body_part", body_part=found.body_part))
    if lateral:
        says.append(sentence("io.dicom.lateral"))
    if code(dataset, "BurnedInAnnotation") == "YES":
        says.append(sentence("io.dicom.burned_in"))
    if min(shape) < _SMALL:
        says.append(sentence("io.image.small", width=shape[1], height=shape[0]))
    if lossy or code(dataset, "LossyImageCompression") == "01":
        says.append(sentence("io.dicom.lossy"))
    if coloured:
        says.append(sentence("io.dicom.coloured"))
    if frames > 1:
        says.append(sentence("io.dicom.one_of_frames", frames=frames))
    return tuple(says)


def _modality(term: str) -> Sentence:
    """A modality in words, or else by its code."""
    if known(f"io.modality.{term.lower()}"):
        return sentence(f"io.modality.{term.lower()}")
    return sentence("io.modality_code", code=term)
