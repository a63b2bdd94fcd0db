"""How models that were trained without a source did on that source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmbm.errors import ManifestError
from mmbm.model.facts import read_facts
from mmbm.record import LeftOut, read_record
from mmbm.text import sentence

__all__ = ["left_out_of"]


def left_out_of(folders: Sequence[Path]) -> dict[str, LeftOut]:
    """What the records of models trained without a source say of that source.

    Findings that no training case had, by the model's card, are left out: nothing taught them.

    Raises
    ------
    ModelError
        A damaged record.
    ManifestError
        A folder without such a record.
    """
    found = {}
    for folder in folders:
        record = read_record(folder)
        if record is None or not record.left_out:
            raise ManifestError(sentence("evaluate.not_left_out", folder=folder.name))
        untaught = _untaught(folder)
        for source in record.left_out:
            real, given = (
                {f: figures for f, figures in by.get(source, {}).items() if f not in untaught}
                for by in (record.real_parts, record.by_source)
            )
            found[source] = LeftOut(
                sha256=record.model.sha256,
                by_finding=real,
                as_given=given,
                subgroups=record.subgroups.get(source, {}),
                against_normal=record.against_normal.get(source, {}),
                boxes={f: by[source] for f, by in record.boxes.items() if source in by},
                moments={e: by[source] for e, by in record.moments.items() if source in by},
            )
    return found


def _untaught(folder: Path) -> set[str]:
    """Findings of which the card's table counts not one positive case in train."""
    rows = [row for row in read_facts(folder).get("data", []) if row["split"] == "train"]
    return {name for row in rows for name in row if not any(r[name] for r in rows)}
