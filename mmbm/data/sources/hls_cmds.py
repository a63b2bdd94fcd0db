"""HLS-CMDS (Torabi et al., CC BY 4.0): lung sounds of a clinical manikin, no patients.

Mixes share their lung sound with other recordings, so a group never straddles splits.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd

from mmbm.data.sources.layout import files_by_name, find, look_for, present, read_table
from mmbm.data.sources.rows import recipe_rows
from mmbm.data.sources.splits import SHARES, Split, drop_duplicates

__all__ = ["EVENTS", "FOLDER", "LAYOUT", "read"]

FOLDER = "audio/hls_cmds"
LAYOUT = "hls_cmds"
EVENTS = {  # the source's name -> ours
    "Normal": "normal",
    "Wheezing": "wheezing",
    "Fine Crackles": "fine_crackles",
    "Coarse Crackles": "coarse_crackles",
    "Rhonchi": "rhonchi",
    "Pleural Rub": "pleural_rub",
}
_EVENT_COLUMNS = [f"sound:{name}" for name in EVENTS.values()]
CODES = {"_C_": "_FC_", "_G_": "_CC_"}  # of fine and coarse crackles, in tables and in file names


def read(folder: Path) -> pd.DataFrame:
    """Read the lung and heart+lung recordings whose copies agree on the label.

    The folder is as published, or holds a ``hls_cmds.csv`` with ``group_id``. ``patient_id`` is
    the group. Raises ManifestError.
    """
    listed = _grouped(folder) if (folder / "hls_cmds.csv").is_file() else _published(folder)
    event = listed["event"].map(EVENTS)
    columns = {
        "patient_id": listed["group"],
        "audio": listed["path"],
        "sex": listed["sex"].where(listed["sex"].isin(("F", "M")), ""),
        "sound:crackles": event.isin(("fine_crackles", "coarse_crackles")).astype("Int64"),
        **{f"sound:{name}": (event == name).astype("Int64") for name in EVENTS.values()},
    }
    rows = drop_duplicates(recipe_rows("hls_cmds", columns))
    rows = rows.assign(patient_id=rows["family"]).drop(columns="family")
    rows = rows[rows[_EVENT_COLUMNS].sum(axis=1) == 1].reset_index(drop=True)
    splits = assign_groups(rows)
    return rows.assign(split=[splits[str(g)] for g in rows["patient_id"]])


def _grouped(folder: Path) -> pd.DataFrame:
    columns = ("audio_path", "kind", "group_id", "event_labels", "sex", "note")
    listed = read_table(folder / "hls_cmds.csv", columns)
    listed = listed[listed["kind"].isin(("lung", "heart+lung"))]
    listed = listed[~listed["note"].str.contains("CONFLICTING")]
    listed = present(listed, [folder / p for p in listed["audio_path"]], LAYOUT)
    lung = [str(json.loads(labels)["lung"]) for labels in listed["event_labels"]]
    return listed.assign(event=lung, group=listed["group_id"])


def _published(folder: Path) -> pd.DataFrame:
    """All files that the tables name. The three of a mix are one group; copies join groups."""
    lungs = read_table(
        find(folder, "LS.csv", expected=LAYOUT), ("Gender", "Lung Sound Type", "Lung Sound ID")
    )
    lungs = lungs.assign(
        id=lungs["Lung Sound ID"],
        event=lungs["Lung Sound Type"],
        group="hls_" + lungs["Lung Sound ID"].str.strip(),
    )
    parts = [lungs]
    table = look_for(folder, "Mix.csv")
    if table is not None:
        ids = ("Heart Sound ID", "Lung Sound ID", "Mixed Sound ID")
        mixes = read_table(table, ("Gender", "Lung Sound Type", *ids))
        mixes = mixes.assign(group="hls_mix" + mixes["Mixed Sound ID"].str.strip())
        for part in ids:
            heard = "" if part == "Heart Sound ID" else mixes["Lung Sound Type"]
            parts.append(mixes.assign(id=mixes[part], event=heard))
    listed = pd.concat(parts, ignore_index=True).rename(columns={"Gender": "sex"})
    listed = listed[["id", "event", "group", "sex"]].map(str.strip)
    sounds = {_plain(Path(n).stem): p for n, p in files_by_name(folder, (".wav",)).items()}
    return present(listed, [sounds.get(_plain(name)) for name in listed["id"]], LAYOUT)


def _plain(name: str) -> str:
    """A file's name or a table's identifier, written one way."""
    name = name.strip()
    for short, long in CODES.items():
        name = name.replace(short, long)
    return name


def assign_groups(rows: pd.DataFrame) -> dict[str, Split]:
    """Deal whole groups to splits so that each event comes near its share in each.

    Large groups go first, each where its events are wanted most; the order of equals is the
    sha256 of the group's name, so the same groups always give the same splits.
    """
    weights = {  # group -> (events,) recordings of each event
        str(group): clips[_EVENT_COLUMNS].sum().to_numpy(np.float64)
        for group, clips in rows.groupby("patient_id")
    }
    order = sorted(
        weights, key=lambda g: (-weights[g].sum(), hashlib.sha256(g.encode()).hexdigest())
    )
    totals = sum(weights.values(), np.zeros(len(EVENTS)))
    held = {split: np.zeros(len(EVENTS)) for split in SHARES}
    dealt: dict[str, Split] = {}
    for group in order:
        weight = weights[group]
        there = weight > 0  # an event nobody recorded would divide by zero
        wanted: dict[Split, float] = {  # how far below its share, 1 = empty, by recordings
            split: float((1.0 - held[split][there] / (totals[there] * share)) @ weight[there])
            for split, share in SHARES.items()
        }
        best = max(wanted, key=lambda split: wanted[split])
        held[best] = held[best] + weight
        dealt[group] = best
    return dealt
