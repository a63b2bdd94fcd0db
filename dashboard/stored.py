"""The store behind the page, where one is switched on. Knows nothing of Streamlit."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dashboard.given import Offer, Part, decoded
from mmbm.branches.registry import branch_of
from mmbm.case import Case, Modality
from mmbm.errors import StoreError
from mmbm.store import Given, open_store, store_folder
from mmbm.text import sentence

if TYPE_CHECKING:
    from mmbm.store.store import Store

__all__ = ["case_of", "decides_first", "files_of", "offers_of", "store", "store_is_on"]

FIRST = "MMBM_DECIDE_FIRST"  # 1: readers answer before the model is run


def store_is_on() -> bool:
    """Whether cases can be kept at all."""
    return store_folder() is not None


def decides_first() -> bool:
    """Whether a reader answers before anything of the model is computed."""
    return store_is_on() and os.environ.get(FIRST, "").strip().lower() in {"1", "true", "yes"}


def store() -> Store:
    """The store that ``MMBM_STORE`` names, opened once for all readers. Raises StoreError."""
    folder = store_folder()
    if folder is None:
        raise StoreError(sentence("store.off"))
    return _opened(folder.absolute())


@cache
def _opened(folder: Path) -> Store:
    return open_store(folder)


def files_of(parts: Mapping[Modality, Part]) -> dict[Modality, Given]:
    """The parts of a case as they were handed in, to be kept; what was refused is left out."""
    kept: dict[Modality, Given] = {}
    for modality, part in parts.items():
        if part.value is None:
            continue
        if part.typed is not None:
            kind: Literal["typed", "dictated"] = "dictated" if part.dictated else "typed"
            kept[modality] = Given(name="", content=part.typed.encode(), kind=kind)
        elif part.content is not None:
            kept[modality] = Given(name=part.name, content=part.content, frame=part.frame)
        else:
            numbers = json.dumps(branch_of(modality).field_values(part.value))
            kept[modality] = Given(name="", content=numbers.encode(), kind="fields")
    return kept


def offers_of(files: Mapping[Modality, Given]) -> dict[Modality, Offer]:
    """Kept parts, to be read again as they were handed in."""
    return {modality: _offer(file) for modality, file in files.items()}


def _offer(file: Given) -> Offer:
    if file.kind in ("typed", "dictated"):
        return Offer(typed=file.content.decode(), dictated=file.kind == "dictated")
    if file.kind == "fields":
        return Offer(fields=json.loads(file.content))
    return Offer(file.name, file.content, frame=file.frame)


def case_of(files: Mapping[Modality, Given]) -> Case:
    """Kept parts as a case. Raises MMBMError."""
    return Case(**{m: decoded(m, offer) for m, offer in offers_of(files).items()})
