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
from mmbm.record import FILE, Record, faults, record_in
from mmbm.storage import checksum, take_all
from mmbm.text import Language, sentence

__all__ = [
    "FILES",
    "Card",
    "CardFacts",
    "data_table",
    "read_card",
]


FILES: dict[Language, str] = {"en": "card.md", "zh": "card.zh.md"}


class CardFacts(Settings):
    """What a person adds to ``card.json``, every entry optional: in English under ``card``.

    And in Chinese under ``card_zh``; what is missing there stands in English.
    """

    summary: str = ""  # one paragraph
    how_trained: str = ""  # stages, choices, seeds
    stages: dict[str, str] = Field(default={})  # a stage's name in the lineage: in words
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
    markdowns: dict[Language, str]  # as written; blank where none is
    evaluation: Record | None
    faults: tuple[str, ...]  # of the record, as in :func:`mmbm.record.faults`
    history: pd.DataFrame | None  # the training log, one row an epoch

    @property
    def markdown(self) -> str:
        """The card in English."""
        return self.markdowns["en"]


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
        written = {n: held.get(name, b"").decode("utf-8") for n, name in FILES.items()}
        log = pd.read_csv(BytesIO(held["training.csv"])) if "training.csv" in held else None
        if log is not None and not (
            "epoch" in log
            and log.dtypes.map(is_numeric_dtype).all()
            and isinstance(log.index, pd.RangeIndex)  # else a row has more fields than there are
        ):
            raise ValueError("no table of numbers by epoch")
    except (ValueError, OverflowError) as exc:  # pandas' own errors are ValueErrors
        raise ModelError(sentence("model.card_damaged", model=folder.name)) from exc
    return Card(
        facts=read_facts(folder),
        markdowns=written,
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
