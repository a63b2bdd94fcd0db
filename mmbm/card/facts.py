"""What a model's folder says of it: facts, record and history; and what its sources are.

``card.json`` is written by the program. A person may add the entry ``card`` to it
(:class:`CardFacts`): what only the maker knows. ``mmbm evaluate --write`` then writes it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype
from pydantic import Field

from mmbm.config import Settings
from mmbm.data.manifest import SPLITS, Manifest
from mmbm.errors import ModelError
from mmbm.model.facts import read_facts
from mmbm.record.record import FILE, Record, faults, record_in
from mmbm.storage.folder import checksum, take_all

__all__ = [
    "SOURCES",
    "UNSTATED",
    "Card",
    "CardFacts",
    "data_table",
    "read_card",
]

SOURCES = {
    "chexpert": "CheXpert, adults of one hospital. Stanford's research use agreement, no "
    "commercial use; cite Irvin et al., AAAI 2019. Labels were mined from reports.",
    "drawn": "cases with no film and no patient: generated notes, some with an hls_cmds recording.",
    "hls_cmds": "HLS-CMDS lung sounds of a clinical manikin, no patients; it plays the same few "
    "sounds everywhere, so near-perfect figures on it say little. CC BY 4.0; cite Torabi et al.",
    "icbhi": "ICBHI 2017 respiratory sounds of 126 patients. Free for research; cite Rocha et al., "
    "2019.",
    "ieee8023": "ieee8023 COVID-19 image data collection: case reports, with the real "
    "note of the same patient. Mostly CC BY-NC-SA; cite Cohen et al. 2020.",
    "kauh": "KAUH lung sounds of 112 people. CC BY 4.0; cite Fraiwan et al., Data in Brief 2021.",
    "kermany": "Kermany et al., children of 1 to 5 years, one hospital. CC BY 4.0; "
    "cite Kermany et al., Cell 2018.",
    "mimic_cxr": "MIMIC-CXR, adults' films with their reports. PhysioNet credentialed licence; "
    "cite Johnson et al. 2019. Reports were written from the films.",
    "nih": "NIH ChestX-ray14 subset, adults. Use unrestricted; cite Wang et al., "
    "CVPR 2017. Labels were mined from reports, or are RSNA's radiologists' where they read the "
    "film; cite Shih et al., Radiology: AI 2019.",
    "openi": "Open-I, Indiana University films with reports. CC BY-NC-ND 4.0; cite Demner-Fushman "
    "et al., JAMIA 2016.",
    "rsna": "RSNA pneumonia challenge 2018: films of NIH ChestX-ray14 read by radiologists. Cite "
    "Shih et al., Radiology: AI 2019.",
    "siim": "SIIM-FISABIO-RSNA COVID-19, adults' films, read and boxed by a panel of radiologists. "
    "Academic and non-commercial use; cite Lakhani et al. 2022.",
    "sprsound": "SPRSound, children's respiratory sounds of one hospital. Terms of its repository; "
    "cite Zhang et al., IEEE TBioCAS 2022.",
}
UNSTATED = "its licence is not known to this program."


class CardFacts(Settings):
    """What a person adds to ``card.json`` under ``card``; every entry is optional."""

    summary: str = ""  # one paragraph
    how_trained: str = ""  # stages, choices, seeds
    licence: str = ""  # of the weights
    known_failures: tuple[str, ...] = ()
    not_assessed: tuple[str, ...] = ()
    further: dict[str, str] = Field(
        default={}
    )  # heading: Markdown, such as the evidence inside the lungs


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a model. ``evaluation`` is None where the weights have no record."""

    facts: dict[str, Any]
    markdown: str
    evaluation: Record | None
    faults: tuple[str, ...]  # of the record, as in :func:`mmbm.record.record.faults`
    history: pd.DataFrame | None  # the training log, one row an epoch


def read_card(folder: Path) -> Card:
    """Read a model folder's card; a record made with other weights counts as none.

    Raises
    ------
    ModelError, ModelTampered
        A file that is damaged, or not the one that the checksums list.
    """
    held = take_all(folder)
    record = record_in(folder, held[FILE]) if FILE in held else None
    wrong = faults(record, {name: checksum(content) for name, content in held.items()})
    try:
        markdown = held.get("card.md", b"No card was written.").decode("utf-8")
        log = pd.read_csv(BytesIO(held["training.csv"])) if "training.csv" in held else None
        if log is not None and not (
            "epoch" in log
            and log.dtypes.map(is_numeric_dtype).all()
            and isinstance(log.index, pd.RangeIndex)  # else a row has more fields than there are
        ):
            raise ValueError("training.csv is no table of numbers by epoch")
    except (ValueError, OverflowError) as exc:  # pandas' own errors are ValueErrors
        raise ModelError(
            f"card.md or training.csv of the model '{folder.name}' is damaged."
        ) from exc
    return Card(
        facts=read_facts(folder),
        markdown=markdown,
        evaluation=None if "no_record" in wrong else record,
        faults=wrong,
        history=log,
    )


def data_table(manifest: Manifest, findings: tuple[str, ...]) -> list[dict[str, Any]]:
    """Cases, patients and positives for each source and split."""
    table = []
    labels = pd.DataFrame(manifest.labels(findings), columns=list(findings))
    rows = manifest.rows
    for source in sorted(rows["source"].unique()):
        for split in SPLITS:
            part = ((rows["source"] == source) & (rows["split"] == split)).to_numpy()
            if part.any():
                table.append(
                    {
                        "source": source,
                        "split": split,
                        "cases": int(part.sum()),
                        "patients": int(rows.loc[part, "patient_id"].nunique()),
                        "assembled": int((rows.loc[part, "assembled"] != "").sum()),
                        **{f: int((labels.loc[part, f] > 0.5).sum()) for f in findings},
                    }
                )
    return table
