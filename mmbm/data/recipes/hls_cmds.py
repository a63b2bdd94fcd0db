"""HLS-CMDS (Torabi et al., CC BY 4.0): lung sounds of a clinical manikin, no patients.

Mixes share their lung sound with other recordings, so a ``group_id`` never straddles splits.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd

from mmbm.data.recipes.splits import SHARES, Split

__all__ = ["EVENTS", "FOLDER", "read"]

FOLDER = "audio/hls_cmds"
EVENTS = {  # the source's name -> ours
    "Normal": "normal",
    "Wheezing": "wheezing",
    "Fine Crackles": "fine_crackles",
    "Coarse Crackles": "coarse_crackles",
    "Rhonchi": "rhonchi",
    "Pleural Rub": "pleural_rub",
}


def read(folder: Path) -> pd.DataFrame:
    """Read the lung and heart+lung recordings whose copies agree on the label.

    Columns: source, patient_id (the group), audio, sex, ``sound:<event>`` (1 or 0), split.
    """
    listed = pd.read_csv(folder / "hls_cmds.csv")
    listed = listed[listed["kind"].isin(("lung", "heart+lung"))]
    listed = listed[~listed["note"].str.contains("CONFLICTING")]
    lung = [json.loads(e)["lung"] for e in listed["event_labels"]]
    event = pd.Series([EVENTS.get(str(name), "") for name in lung], index=listed.index)
    rows = pd.DataFrame(
        {
            "source": "hls_cmds",
            "patient_id": listed["group_id"],
            "audio": [str(folder.absolute() / p) for p in listed["audio_path"]],
            "sex": listed["sex"].where(listed["sex"].isin(("F", "M")), ""),
        }
    )
    for name in EVENTS.values():
        rows[f"sound:{name}"] = (event == name).astype("Int64")
    rows = rows[event != ""].reset_index(drop=True)
    splits = assign_groups(rows)
    return rows.assign(split=[splits[str(g)] for g in rows["patient_id"]])


def assign_groups(rows: pd.DataFrame) -> dict[str, Split]:
    """Deal whole groups to splits so that each event comes near its share in each.

    Large groups go first, each where its events are wanted most; the order of equals is the
    sha256 of the group's name, so the same groups always give the same splits.
    """
    events = [c for c in rows.columns if c.startswith("sound:")]
    weights = {  # group -> (events,) recordings of each event
        str(group): clips[events].sum().to_numpy(np.float64)
        for group, clips in rows.groupby("patient_id")
    }
    order = sorted(
        weights, key=lambda g: (-weights[g].sum(), hashlib.sha256(g.encode()).hexdigest())
    )
    totals = sum(weights.values(), np.zeros(len(events)))
    held = {split: np.zeros(len(events)) for split in SHARES}
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
