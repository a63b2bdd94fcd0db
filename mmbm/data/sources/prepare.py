"""Writes the manifest of one source, or of cases assembled from all that are there."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from mmbm.data.sources import SOURCES, hls_cmds, ieee8023, kermany, nih, openi, siim, sprsound
from mmbm.data.sources.assemble import COLUMNS, assemble, draw_cases
from mmbm.errors import ManifestError
from mmbm.text import sentence

__all__ = ["ASSEMBLED", "prepare", "prepare_source", "write_manifest"]

ASSEMBLED = "assembled"  # the name of all sources together, completed by drawn parts
CASE_FOLDERS = {  # of films, or of notes alone
    "siim": siim.FOLDER,
    "nih": nih.FOLDER,
    "kermany": kermany.FOLDER,
    "ieee8023": ieee8023.FOLDER,
    "openi": openi.FOLDER,
}
SOUND_FOLDERS = {"hls_cmds": hls_cmds.FOLDER, "sprsound": sprsound.FOLDER}


def write_manifest(rows: pd.DataFrame, out: Path) -> None:
    """Write ``rows`` as CSV at ``out``, image and audio relative to its folder."""
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = out.parent.absolute()
    written = rows.copy()
    for part in ("image", "audio"):
        written[part] = [
            Path(os.path.relpath(str(path), folder)).as_posix() if path else ""
            for path in written[part]
        ]
    written.to_csv(out, index=False, lineterminator="\n")


def thin(rows: pd.DataFrame, limit: int, seed: int) -> pd.DataFrame:
    """At most ``limit`` rows, as evenly as can be over source and label."""
    shuffled = rows.sample(frac=1.0, random_state=seed)
    label = pd.to_numeric(shuffled["pneumonia"], errors="coerce").round().fillna(-1)
    turn = shuffled.groupby([shuffled["source"], label], sort=False).cumcount()
    first = turn.sort_values(kind="stable").index[:limit]
    return rows.loc[sorted(first)].reset_index(drop=True)


def prepare(
    data_folder: Path,
    out: Path,
    *,
    seed: int = 0,
    drawn: int = 0,
    with_films: bool = True,
    limit: int = 0,
    train: int = 0,
    mined: nih.Mined = "out",
) -> pd.DataFrame:
    """Run every recipe whose folder is under ``data_folder``, assemble, and write ``out``.

    ``drawn`` adds that many cases without a film; without ``with_films`` they are all there is.
    ``limit`` keeps so many of all, ``train`` so many of the train rows, evenly over source and
    label; 0 keeps them all. ``mined`` says what becomes of NIH's films that no radiologist read.

    Raises ManifestError where none of the sources is there.
    """
    films, clips = (
        [
            nih.read(data_folder / folder, mined)
            if name == "nih"
            else SOURCES[name](data_folder / folder)
            for name, folder in folders.items()
            if (data_folder / folder).is_dir()
        ]
        for folders in (CASE_FOLDERS, SOUND_FOLDERS)
    )
    if not films and not clips:
        known = ", ".join([*CASE_FOLDERS.values(), *SOUND_FOLDERS.values()])
        raise ManifestError(sentence("source.none_known", folder=data_folder.name, known=known))
    images = pd.concat(films, ignore_index=True) if films else pd.DataFrame()
    sounds = pd.concat(clips, ignore_index=True) if clips else pd.DataFrame()
    parts = [assemble(images, sounds, seed=seed)] if with_films else []
    parts += [draw_cases(drawn, sounds, seed=seed)] if drawn else []
    rows = pd.concat(parts, ignore_index=True)
    if limit:
        rows = thin(rows, limit, seed)
    if train:
        taught = rows["split"] == "train"
        rows = pd.concat([thin(rows[taught], train, seed), rows[~taught]], ignore_index=True)
    write_manifest(rows, out)
    return rows


def prepare_source(
    name: str,
    folder: Path,
    out: Path,
    *,
    seed: int = 0,
    limit: int = 0,
    mined: nih.Mined = "out",
) -> pd.DataFrame:
    """Run one recipe on its ``folder`` and write what the source holds, nothing drawn, to ``out``.

    ``mined`` is for NIH's films alone: what becomes of those that no radiologist read.
    Raises ManifestError for an unknown name and for a folder that is not that source.
    """
    if name not in SOURCES:
        raise ManifestError(
            sentence("source.no_source", name=name, known=", ".join([ASSEMBLED, *SOURCES]))
        )
    rows = nih.read(folder, mined) if name == "nih" else SOURCES[name](folder)
    rows = rows.assign(case_id=rows["source"] + "-" + rows["name"], notes_text=rows["note"])
    rows = rows.reindex(columns=COLUMNS).astype("object")
    rows = rows.where(rows.notna(), "")
    if limit:
        rows = thin(rows, limit, seed)
    write_manifest(rows, out)
    return rows
