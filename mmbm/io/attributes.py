"""Reading DICOM attributes that may be missing, empty, repeated or nonsense."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, MutableSequence
from typing import Any, NamedTuple

__all__ = [
    "OfFrame",
    "Raw",
    "code",
    "explanation",
    "explanations",
    "number",
    "numbers",
    "of_frame",
    "plain",
    "raw",
    "sequence",
    "words",
]

_CODE = re.compile(r"[A-Z0-9 _]{1,16}")  # value representation CS, PS3.5 section 6.2


class OfFrame(NamedTuple):
    """Datasets that count for one frame, each for one thing."""

    rescale: Any
    voi: Any
    measures: Any
    anatomy: Any
    orientation: Any


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


def of_frame(dataset: Any, frame: int) -> OfFrame:
    """What describes one frame: its own functional groups, then the shared ones, then the top.

    Where a group is silent on a thing, or holds an empty item, the next one counts (PS3.3
    C.7.6.16); a thing is taken whole from one place.
    """
    each = sequence(dataset, "PerFrameFunctionalGroupsSequence")
    shared = sequence(dataset, "SharedFunctionalGroupsSequence")
    groups = [*each[frame : frame + 1], *shared[:1]]

    def first(group_keyword: str, says: Callable[[Any], bool]) -> Any:
        items = [item for group in groups for item in sequence(group, group_keyword)[:1]]
        return next((item for item in [*items, dataset] if says(item)), dataset)

    return OfFrame(
        rescale=first("PixelValueTransformationSequence", _says_rescale),
        voi=first("FrameVOILUTSequence", _says_voi),
        measures=first("PixelMeasuresSequence", lambda item: bool(numbers(item, "PixelSpacing"))),
        anatomy=first(
            "FrameAnatomySequence", lambda item: bool(sequence(item, "AnatomicRegionSequence"))
        ),
        orientation=first(
            "PatientOrientationInFrameSequence",
            lambda item: bool(words(item, "PatientOrientation")),
        ),
    )


def _says_rescale(item: Any) -> bool:
    return _has_table(item, "ModalityLUTSequence") or bool(
        numbers(item, "RescaleSlope") or numbers(item, "RescaleIntercept")
    )


def _says_voi(item: Any) -> bool:
    return _has_table(item, "VOILUTSequence") or bool(
        numbers(item, "WindowCenter") and numbers(item, "WindowWidth")
    )


def _has_table(item: Any, keyword: str) -> bool:
    return any(
        raw(table, "LUTData").content or raw(table, "LUTDescriptor").content
        for table in sequence(item, keyword)
    )


class Raw(NamedTuple):
    """The bytes of an element as they lie in the file."""

    content: bytes
    vr: str
    little_endian: bool


def raw(item: Any, keyword: str) -> Raw:
    """The bytes of an element that was not looked at before; blank where it is missing."""
    try:
        element = item.get_item(keyword)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  a malformed value counts as a missing one
        element = None
    value = getattr(element, "value", b"")
    return Raw(
        value if isinstance(value, bytes) else b"",
        str(getattr(element, "VR", "") or ""),
        bool(getattr(element, "is_little_endian", True)),
    )


def explanation(item: Any, keyword: str) -> str:
    """The first name that the file gives, printable and short; blank where there is none."""
    return next(iter(explanations(item, keyword)), "")


def explanations(item: Any, keyword: str) -> list[str]:
    """All names that the file gives. Those of this program's own windows stay its own."""
    found = _value(item, keyword) or ""
    names = [found] if isinstance(found, str) else list(found)
    short = ["".join(c for c in str(name) if c.isprintable()).strip()[:40] for name in names]
    return [name.upper() if name in ("auto", "full") else name for name in short]


def words(item: Any, keyword: str) -> str:
    """Free text in capitals, to look for words in; it must never reach a message."""
    found = _value(item, keyword)
    parts = [found] if isinstance(found, (str, bytes)) or not hasattr(found, "__iter__") else found
    return " ".join(str(part) for part in parts if part is not None).strip().upper()[:1000]


def plain(item: Any, keyword: str) -> str:
    """One value as it is written, printable; it must never reach a message."""
    found = _value(item, keyword)
    one = next(iter(found), "") if isinstance(found, MutableSequence) else found
    return "".join(c for c in str(one or "") if c.isprintable()).strip()
