"""What a DICOM file says it is: modality, body part, view, study. No pixel is decoded.

Runs inside the sandbox.
"""

from __future__ import annotations

import re
from typing import Any

from mmbm.config import Limits
from mmbm.errors import UnreadableFile
from mmbm.io import header, orientation
from mmbm.io.attributes import code, number, of_frame, words
from mmbm.io.elements import parse
from mmbm.io.patient import study_of
from mmbm.io.terms import term
from mmbm.patient import Heading
from mmbm.text import sentence

__all__ = ["decode"]

_SECONDARY = "1.2.840.10008.5.1.4.1.1.7"  # Secondary Capture, and its multi-frame kin
_DESCRIPTIONS = (
    "ProtocolName",
    "SeriesDescription",
    "PerformedProcedureStepDescription",
    "StudyDescription",
)
_LARGEST = 2**31 - 1  # of an integer string, PS3.5 section 6.2


def decode(content: bytes, name: str, limits: Limits) -> Heading:
    """Read a DICOM file's heading. Raises UnreadableFile, TooLarge."""
    file = parse(content, limits)
    dataset = file.dataset
    study = study_of(dataset)
    if not study.instance_uid:
        raise UnreadableFile(sentence("io.image.unknown"))
    of = of_frame(dataset, 0)
    facts = header.facts(dataset, of)
    kinds = set(words(dataset, "ImageType").split())
    secondary = (study.class_uid or file.storage_class).startswith(_SECONDARY)
    return Heading(
        study=study,
        modality=facts.modality,
        body_part=facts.body_part or _described(dataset),
        view=facts.view,
        lateral=orientation.is_lateral(dataset, of),
        derived=secondary or bool(kinds & {"DERIVED", "SECONDARY"}),
        for_processing=code(dataset, "PresentationIntentType") == "FOR PROCESSING",
        series_number=_whole(dataset, "SeriesNumber"),
        instance_number=_whole(dataset, "InstanceNumber"),
        rows=_whole(dataset, "Rows") if file.pixels else 0,
    )


def _described(dataset: Any) -> str:
    """The first body part that a description names, by the words of the standard alone."""
    for keyword in _DESCRIPTIONS:
        found = term("BodyPartExamined", re.sub(r"[^A-Z]+", " ", words(dataset, keyword)))
        if found:
            return found
    return ""


def _whole(dataset: Any, keyword: str) -> int:
    found = number(dataset, keyword)
    return int(found) if found is not None and abs(found) <= _LARGEST else 0
