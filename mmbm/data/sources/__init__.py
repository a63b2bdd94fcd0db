"""One file a source: ``read(folder)`` gives its rows, labelled and split by patient."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from mmbm.data.sources import (
    chexpert,
    hls_cmds,
    icbhi,
    ieee8023,
    kauh,
    kermany,
    mimic_cxr,
    nih,
    openi,
    rsna,
    siim,
    sprsound,
)

__all__ = ["SOURCES"]

SOURCES: dict[str, Callable[[Path], pd.DataFrame]] = {
    "chexpert": chexpert.read,
    "hls_cmds": hls_cmds.read,
    "icbhi": icbhi.read,
    "ieee8023": ieee8023.read,
    "kauh": kauh.read,
    "kermany": kermany.read,
    "mimic_cxr": mimic_cxr.read,
    "nih": nih.read,
    "openi": openi.read,
    "rsna": rsna.read,
    "siim": siim.read,
    "sprsound": sprsound.read,
}
