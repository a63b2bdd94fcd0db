"""What a DICOM header says about a picture, and what a reader should be told of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from mmbm.errors import UnsupportedFile
from mmbm.io.attributes import OfFrame, code, sequence, words
from mmbm.io.orientation import view
from mmbm.io.terms import term

__all__ = ["Facts", "cautions", "facts", "refuse_other_documents"]

RADIOGRAPHS = frozenset({"CR", "DX", "DR", "RG", "XR"})
_MODALITY_NAMES = {
    "CT": "CT",
    "MR": "an MR image",
    "US": "ultrasound",
    "NM": "nuclear medicine",
    "PT": "PET",
    "MG": "a mammogram",
    "XA": "angiography",
    "RF": "fluoroscopy",
    "OT": "marked as 'other'",
    "SEG": "a segmentation",
    "RTDOSE": "a dose plan",
}
_CHEST = ("CHEST", "THORAX", "TORAX", "TORSO", "LUNG", "RIB", "PULMON", "HEART")
_SMALL = 200  # pixels a side

_DOCUMENTS = {  # SOP classes by the start of their UID, PS3.4 annex B.5
    "1.2.840.10008.1.3.10": "a DICOMDIR, the index of a disc; please choose the image itself",
    "1.2.840.10008.5.1.4.1.1.88.": "a structured report; please choose the image itself",
    "1.2.840.10008.5.1.4.1.1.104.": "a document wrapped in DICOM; please add it as notes",
    "1.2.840.10008.5.1.4.1.1.9.": "a waveform such as an ECG; please choose a chest radiograph",
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
            raise UnsupportedFile(f"This file is {what}.")


def facts(dataset: Any, of: OfFrame) -> Facts:
    """Modality, body part and view as codes; blank where the file does not say."""
    body_part = term("BodyPartExamined", code(dataset, "BodyPartExamined"))
    for region in sequence(of.anatomy, "AnatomicRegionSequence")[:1]:
        body_part = body_part or term("CodeMeaning", code(region, "CodeMeaning"))
    modality = term("Modality", code(dataset, "Modality"))
    return Facts(modality, body_part, term("CodeMeaning", view(dataset)))


def cautions(
    dataset: Any,
    found: Facts,
    *,
    frames: int,
    coloured: bool,
    lossy: bool,
    lateral: bool,
    shape: tuple[int, ...],
) -> tuple[str, ...]:
    """Plain sentences for the reader; ``shape`` is (height, width)."""
    says: list[str] = []
    if not found.modality and not code(dataset, "Modality"):
        says.append("The file does not say what kind of image it is: check it is a radiograph.")
    elif found.modality not in RADIOGRAPHS:
        unnamed = f"of modality {found.modality}" if found.modality else "of an unknown modality"
        kind = _MODALITY_NAMES.get(found.modality, unnamed)
        says.append(
            f"This file is {kind}, not a radiograph: the model was not trained on such images."
        )
    if found.body_part and not any(word in found.body_part for word in _CHEST):
        says.append(f"The file says the body part is {found.body_part}, not the chest.")
    if lateral:
        says.append("This is a lateral view: the model was trained on frontal views.")
    if code(dataset, "BurnedInAnnotation") == "YES":
        says.append("Writing is burned into the picture; it may name the patient.")
    if min(shape) < _SMALL:
        says.append(
            f"The picture is only {shape[1]} x {shape[0]} pixels: small findings cannot be seen."
        )
    if lossy or code(dataset, "LossyImageCompression") == "01":
        says.append("The picture was compressed with loss: fine detail may be missing.")
    if coloured:
        says.append("This is a colour picture; it was turned into grey.")
    if frames > 1:
        says.append(f"The file holds {frames} frames: only one of them is read.")
    return tuple(says)
