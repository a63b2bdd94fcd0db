"""The same file, note or patient in more than one split, and copies whose labels disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mmbm.data.check.alike import near_pairs
from mmbm.data.check.files import Examined, Listed
from mmbm.data.check.film import FilmFacts
from mmbm.data.check.sound import SoundFacts
from mmbm.data.copies import content_keys
from mmbm.data.manifest import SOUND, Manifest

__all__ = ["Found", "find_duplicates"]

LONG = 40  # characters, from which on two people do not write the same note by chance

Found = dict[str, list[str]]  # kind of remark -> what it is of


def find_duplicates(manifest: Manifest, examined: Examined) -> Found:
    """Compare patients, files and notes of all rows."""
    splits = manifest.rows.groupby("patient_id")["split"].agg(set)
    found: Found = {
        "patient_in_two_splits": [str(p) for p, held in splits.items() if len(held) > 1],
        "copy_across_splits": [],
        "copy_within_split": [],
        "copies_disagree": [],
        "near_copy_across_splits": [],
        "note_across_splits": _notes(manifest, examined.notes),
    }
    events = [SOUND + event for event in manifest.sound_events]
    parts: tuple[tuple[str, Sequence[str], Mapping[Path, FilmFacts | SoundFacts]], ...] = (
        ("image", manifest.findings, examined.films),
        ("audio", events, examined.sounds),
    )
    for part, labels, facts in parts:
        exact = _exact(examined.listed[part])
        for files in exact:
            rows = [row for file in files for row in file.rows]
            names = " = ".join(file.path.name for file in files)
            if len(_splits(manifest, rows)) > 1:
                found["copy_across_splits"].append(names)
            elif len(files) > 1:
                found["copy_within_split"].append(names)
            told = manifest.labels(labels)[rows].round()
            if ((told == 0).any(0) & (told == 1).any(0)).any():
                found["copies_disagree"].append(names)
        found["near_copy_across_splits"] += _near(manifest, exact, facts)
    return found


def _exact(listed: Sequence[Listed]) -> list[list[Listed]]:
    """The files by content; most stand alone."""
    groups: dict[str, list[Listed]] = {}
    for key, file in zip(content_keys([file.path for file in listed]), listed, strict=True):
        groups.setdefault(key, []).append(file)
    return list(groups.values())


def _near(
    manifest: Manifest,
    exact: Sequence[Sequence[Listed]],
    facts: Mapping[Path, FilmFacts | SoundFacts],
) -> list[str]:
    """Pairs in different splits that are alike though not byte for byte."""
    firsts = [files[0] for files in exact if files[0].path in facts]
    if not firsts:
        return []
    prints = np.stack([facts[file.path].fingerprint for file in firsts])
    return [
        f"{firsts[i].path.name} ~ {firsts[j].path.name} ({likeness:.3f})"
        for i, j, likeness in near_pairs(prints)
        if len(_splits(manifest, [*firsts[i].rows, *firsts[j].rows])) > 1
    ]


def _splits(manifest: Manifest, rows: Sequence[int]) -> set[str]:
    return set(manifest.rows["split"].iloc[list(rows)])


def _notes(manifest: Manifest, notes: Sequence[str]) -> list[str]:
    """Long notes that stand in several splits, by the cases."""
    groups: dict[str, list[int]] = {}
    for row, text in enumerate(notes):
        plain = " ".join(text.split())
        if len(plain) >= LONG:
            groups.setdefault(plain, []).append(row)
    cases = manifest.rows["case_id"]
    return [
        " = ".join(str(cases.iat[row]) for row in rows)
        for rows in groups.values()
        if len(_splits(manifest, rows)) > 1
    ]
