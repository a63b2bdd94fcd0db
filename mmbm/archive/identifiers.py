"""Identifiers of results that are the same whenever the same result is made.

A result that is sent twice is then one object in the archive, whatever happened between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["settle"]


def settle(
    datasets: Sequence[Dataset], *, source: str, model_sha256: str, revision: str = ""
) -> None:
    """Give results identifiers of what they are made from, in place, their references with them.

    ``source``: the SOP Instance UID of the picture; ``revision``: what else makes a result another
    one, such as the time of the reader's decision. The instance and series of each dataset, and
    all identifiers in it of the datasets' own making, follow from these, the kind of object and its
    place among those of its kind.
    """
    from pydicom.uid import generate_uid

    made: dict[str, str] = {}
    seen: dict[str, int] = {}
    for dataset in datasets:
        kind = str(dataset.SOPClassUID)
        place = seen[kind] = seen.get(kind, 0) + 1
        of = [source, model_sha256, revision, kind, str(place)]
        for keyword in ("SOPInstanceUID", "SeriesInstanceUID"):
            own = str(dataset.get(keyword) or "")
            if own:
                made.setdefault(own, generate_uid(entropy_srcs=[*of, keyword]))
    for dataset in datasets:
        _replace(dataset, made)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID


def _replace(dataset: Dataset, made: dict[str, str]) -> None:
    """Put identifiers in for others, at every depth."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                _replace(item, made)
        elif element.VR == "UI" and isinstance(element.value, str) and element.value in made:
            element.value = made[element.value]
