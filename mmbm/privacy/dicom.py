"""A DICOM object without what leads to a patient: PS3.15 annex E, Basic Profile.

Table E.1-1 comes from dicom-anonymizer. That package applies it to the top level alone, so the walk
through sequences, the dummies and the new UIDs stand here.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from copy import deepcopy
from functools import cache
from hashlib import sha256
from typing import Any

from pydicom import Dataset
from pydicom.datadict import dictionary_has_tag
from pydicom.dataelem import DataElement
from pydicom.sr.coding import Code
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, UID, generate_uid

from mmbm.errors import ConfigError
from mmbm.io.terms import term
from mmbm.privacy.quiet import quote_nothing
from mmbm.text import sentence

__all__ = ["BASIC_PROFILE", "deidentified"]

BASIC_PROFILE = Code("113100", "DCM", "Basic Application Confidentiality Profile")
CLEAN_GRAPHICS = Code("113103", "DCM", "Clean Graphics Option")
CLEAN_STRUCTURED = Code("113104", "DCM", "Clean Structured Content Option")

_EDITION = "dicomfields_2026c"  # of the standard
_TEXTS = frozenset({"AE", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
_DUMMIES: dict[str, Any] = {
    "AS": "000Y", "CS": "ANONYMIZED", "DA": "19000101", "DS": "0", "DT": "19000101000000",
    "FD": 0.0, "FL": 0.0, "IS": "0", "OB": b"\0\0", "SL": 0, "SS": 0, "TM": "000000", "UL": 0,
    "UR": "https://anonymized.invalid", "US": 0,
}  # fmt: skip
_DEFINED_TERMS = frozenset({"BodyPartExamined", "Modality", "ViewPosition"})
# Sequences that are cleaned item by item, where the profile alone would leave nothing of them.
_CLEANED = {"ContentSequence": CLEAN_STRUCTURED, "GraphicAnnotationSequence": CLEAN_GRAPHICS}
_OF_CODES = frozenset({"CodeValue", "LongCodeValue", "URNCodeValue", "CodingSchemeDesignator",
                       "CodingSchemeRegistry", "CodingSchemeVersion", "RescaleType"})  # fmt: skip


def deidentified(
    dataset: Dataset, salt: bytes | None = None, keep_texts: Collection[str] = ()
) -> Dataset:
    """A copy that leads to no patient; the dataset given is left as it is.

    UIDs and the patient's number become hashes with ``salt``: objects with one salt still refer to
    each other, and nobody without it finds the old ones. None takes a new salt. Beyond the profile,
    every other free text goes too, but for ``keep_texts``, which the caller knows to be harmless
    (a model's name and version). Pixels are left as they are.

    Raises:
        ConfigError: the extra "privacy" is not installed.
    """
    quote_nothing()
    clean = deepcopy(dataset)
    _Walk(salt or secrets.token_bytes(16), frozenset(keep_texts)).through(clean)
    methods = [BASIC_PROFILE, *(code for name, code in _CLEANED.items() if name in clean)]
    clean.PatientIdentityRemoved = "YES"
    clean.DeidentificationMethod = "PS3.15 Basic Application Confidentiality Profile"
    clean.DeidentificationMethodCodeSequence = [_item(code) for code in methods]
    clean.LongitudinalTemporalInformationModified = "REMOVED"
    if meta := getattr(clean, "file_meta", None):
        kept = ("FileMetaInformationVersion", "MediaStorageSOPClassUID", "TransferSyntaxUID")
        for element in list(meta):
            if element.keyword not in kept:
                del meta[element.tag]
        meta.MediaStorageSOPInstanceUID = clean.get("SOPInstanceUID", "")
        meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    clean.preamble = None
    return clean


class _Walk:
    """Through a dataset and all its items, with one salt."""

    def __init__(self, salt: bytes, keep_texts: frozenset[str]) -> None:
        self.salt, self.keep_texts, self.actions = salt, keep_texts, _actions()

    def through(self, dataset: Dataset, blank: bool = False) -> None:
        """Clean a dataset in place; ``blank``: nothing of its values may stay."""
        for tag in list(dataset.keys()):
            action = "D" if blank else self.actions.get(int(tag), "")
            ranged = tag.group & 0xFF00 in (0x5000, 0x6000)  # curves and overlays
            if action == "X" or ranged or tag.is_private or not dictionary_has_tag(tag):
                del dataset[tag]
                continue
            element = dataset[tag]
            if element.VR == "SQ":
                self._sequence(dataset, element, action)
            elif element.VR == "UN":
                del dataset[tag]
            elif element.VR == "UI":
                if action:
                    element.value = self._uids(element.value)
            elif element.keyword == "PatientID":
                element.value = self._pseudonym(str(element.value or ""))
            elif not self._kept(element):
                self._leaf(dataset, element, action)

    def _sequence(self, dataset: Dataset, element: DataElement, action: str) -> None:
        if action in ("Z", "X/Z"):
            element.value = []
        elif action in ("X/D", "X/Z/D") and element.keyword not in _CLEANED:
            del dataset[element.tag]
        else:
            for item in element.value:
                self.through(item, blank=action == "D" and element.keyword not in _CLEANED)

    def _leaf(self, dataset: Dataset, element: DataElement, action: str) -> None:
        if action in ("Z", "X/Z"):
            element.value = None
        elif action:
            _dummy(dataset, element)
        elif element.keyword in _DEFINED_TERMS:
            element.value = term(element.keyword, str(element.value or ""))
        elif element.keyword == "CodeMeaning":
            element.value = _meaning(dataset)
        elif element.VR in _TEXTS and element.value and element.keyword not in _OF_CODES:
            _dummy(dataset, element)

    def _kept(self, element: DataElement) -> bool:
        return element.VR in _TEXTS and str(element.value) in self.keep_texts

    def _uids(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._uid(value)
        return [self._uid(uid) for uid in value or ()]

    def _uid(self, uid: str) -> str:
        """Of the same object always the same; what the standard itself registered stays."""
        if not uid or UID(uid).name != uid:
            return uid
        return str(generate_uid(entropy_srcs=[self.salt.hex(), uid]))

    def _pseudonym(self, number: str) -> str:
        return sha256(self.salt + number.encode()).hexdigest()[:16].upper() if number else ""


def _dummy(dataset: Dataset, element: DataElement) -> None:
    if element.VR in _DUMMIES:
        element.value = _DUMMIES[element.VR]
    elif element.VR in _TEXTS:
        element.value = "ANONYMIZED"
    else:
        del dataset[element.tag]


def _meaning(code: Dataset) -> str:
    """A code's meaning from the standard's own tables; its value, where they do not list it."""
    scheme, value = code.get("CodingSchemeDesignator", ""), str(code.get("CodeValue", ""))
    return _meanings().get((scheme, value)) or value or "ANONYMIZED"


@cache
def _meanings() -> dict[tuple[str, str], str]:
    from pydicom.sr import _concepts_dict

    concepts: dict[str, Any] = _concepts_dict.concepts
    return {
        (scheme, value): told[0]
        for scheme, names in concepts.items()
        for values in names.values()
        for value, told in values.items()
    }


@cache
def _actions() -> dict[int, str]:
    """What Table E.1-1 does with each tag; repeating groups are curves and overlays."""
    try:
        from dicomanonymizer.dicomfields_selector import dicom_anonymization_database_selector
    except ImportError as exc:
        raise ConfigError(sentence("privacy.extra")) from exc
    table = dicom_anonymization_database_selector(_EDITION)
    named = {"X": "X_TAGS", "Z": "Z_TAGS", "D": "D_TAGS", "U": "U_TAGS", "Z/D": "Z_D_TAGS",
             "X/Z": "X_Z_TAGS", "X/D": "X_D_TAGS", "X/Z/D": "X_Z_D_TAGS",
             "X/Z/U*": "X_Z_U_STAR_TAGS"}  # fmt: skip
    return {
        (tag[0] << 16) + tag[1]: action
        for action, name in named.items()
        for tag in table[name]
        if len(tag) == 2
    }


def _item(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = code.value, code.scheme_designator
    item.CodeMeaning = code.meaning
    return item
