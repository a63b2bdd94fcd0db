"""What a DICOM header says about a picture, and what a reader should be told of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from mmbm.errors import UnsupportedFile
from mmbm.io.attributes import code, sequence

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
_LATERAL = frozenset({"LL", "RL", "LAT", "LATERAL", "LEFT LATERAL", "RIGHT LATERAL"})
_FRONTAL = {"antero-posterior": "AP", "postero-anterior": "PA"}
_LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81")
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


def refuse_other_documents(dataset: Any) -> None:
    """Raises UnsupportedFile for DICOM files that are no pictures at all."""
    sop_class = str(
        getattr(dataset, "SOPClassUID", "")
        or getattr(dataset.file_meta, "MediaStorageSOPClassUID", "")
    )
    for start, what in _DOCUMENTS.items():
        if sop_class.startswith(start):
            raise UnsupportedFile(f"This file is {what}.")


def facts(dataset: Any) -> Facts:
    """Modality, body part and view as codes; blank where the file does not say."""
    body_part = code(dataset, "BodyPartExamined")
    for region in sequence(dataset, "AnatomicRegionSequence")[:1]:
        body_part = body_part or code(region, "CodeMeaning")
    view = code(dataset, "ViewPosition")
    for item in sequence(dataset, "ViewCodeSequence")[:1]:
        meaning = str(getattr(item, "CodeMeaning", "")).strip().lower()
        view = view or _FRONTAL.get(meaning, "") or code(item, "CodeMeaning")
    return Facts(code(dataset, "Modality"), body_part, view)


def cautions(
    dataset: Any,
    found: Facts,
    *,
    frames: int,
    coloured: bool,
    window_ignored: bool,
    shape: tuple[int, ...],
) -> tuple[str, ...]:
    """Plain sentences for the reader; ``shape`` is (height, width)."""
    says: list[str] = []
    if not found.modality:
        says.append("The file does not say what kind of image it is: check it is a radiograph.")
    elif found.modality not in RADIOGRAPHS:
        kind = _MODALITY_NAMES.get(found.modality, f"of modality {found.modality}")
        says.append(
            f"This file is {kind}, not a radiograph: the model was not trained on such images."
        )
    if found.body_part and not any(word in found.body_part for word in _CHEST):
        says.append(f"The file says the body part is {found.body_part}, not the chest.")
    if found.view in _LATERAL:
        says.append("This is a lateral view: the model was trained on frontal views.")
    if code(dataset, "BurnedInAnnotation") == "YES":
        says.append("Writing is burned into the picture; it may name the patient.")
    if min(shape) < _SMALL:
        says.append(
            f"The picture is only {shape[1]} x {shape[0]} pixels: small findings cannot be seen."
        )
    if _is_lossy(dataset):
        says.append("The picture was compressed with loss: fine detail may be missing.")
    if coloured:
        says.append("This is a colour picture; it was turned into grey.")
    if frames > 1:
        says.append(f"The file holds {frames} frames: only one of them is read.")
    if window_ignored:
        says.append("The window stored in the file hides the whole picture; it was not used.")
    return tuple(says)


def _is_lossy(dataset: Any) -> bool:
    if code(dataset, "LossyImageCompression") == "01":
        return True
    return str(dataset.file_meta.TransferSyntaxUID) in _LOSSY
