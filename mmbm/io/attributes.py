"""Reading DICOM attributes that may be missing, empty, repeated or nonsense."""

from __future__ import annotations

import math
import re
from typing import Any

__all__ = ["code", "number", "numbers", "of_frame", "sequence"]

_CODE = re.compile(r"[A-Z0-9 _]{1,16}")  # value representation CS, PS3.5 section 6.2

_GROUPS = (  # functional groups that hold what older files have at the top level
    "PixelMeasuresSequence",
    "PixelValueTransformationSequence",
    "FrameVOILUTSequence",
    "FrameAnatomySequence",
)


def code(item: Any, keyword: str) -> str:
    """A coded string in capitals; blank where it is missing or not a valid code.

    Free text stands no chance of getting through, so a code may be named in a message.
    """
    found = _value(item, keyword)
    text = str(found or "").strip().upper()
    return text if _CODE.fullmatch(text) else ""


def numbers(item: Any, keyword: str) -> list[float]:
    """All finite numbers of an attribute, in order."""
    found = _value(item, keyword)
    if found is None or isinstance(found, (str, bytes)):
        return []
    values = found if hasattr(found, "__len__") else [found]
    try:
        finite = [float(value) for value in values]
    except (TypeError, ValueError):
        return []
    return [value for value in finite if math.isfinite(value)]


def number(item: Any, keyword: str) -> float | None:
    """The first finite number of an attribute."""
    return next(iter(numbers(item, keyword)), None)


def sequence(item: Any, keyword: str) -> list[Any]:
    """The items of a sequence."""
    found = _value(item, keyword)
    if not hasattr(found, "__iter__") or isinstance(found, (str, bytes)):
        return []
    return [entry for entry in found if hasattr(entry, "group_dataset")]


def _value(item: Any, keyword: str) -> Any:
    try:
        return getattr(item, keyword, None)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  a malformed value counts as a missing one
        return None


def of_frame(dataset: Any, frame: int) -> Any:
    """The dataset of what describes one frame: its own functional groups before the shared ones.

    Files without functional groups (PS3.3 C.7.6.16) are returned as they are.
    """
    each = sequence(dataset, "PerFrameFunctionalGroupsSequence")
    shared = sequence(dataset, "SharedFunctionalGroupsSequence")
    groups = [*shared[:1], *each[frame : frame + 1]]
    if not groups:
        return dataset
    from pydicom import Dataset

    merged = Dataset()
    for group in groups:
        for keyword in _GROUPS:
            for item in sequence(group, keyword)[:1]:
                merged.update(item)
    return merged
