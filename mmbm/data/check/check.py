"""Checks a manifest's data before anything is trained or tested on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import mmbm
from mmbm.case import MODALITIES
from mmbm.data.check import alike, film, sound, tables
from mmbm.data.check.association import ENOUGH, FOLLOWS, RARE, Association
from mmbm.data.check.duplicates import Found, find_duplicates
from mmbm.data.check.files import Examined, examine
from mmbm.data.check.report import (
    ERRORS,
    WARNINGS,
    AssociationRow,
    BalanceRow,
    DataReport,
    Remark,
)
from mmbm.data.corpus import Progress, silent
from mmbm.data.manifest import SPLITS, scan_manifest
from mmbm.text import Sentence, name_of, sentence

__all__ = ["check"]

SHOWN = 12  # examples of a remark
THRESHOLDS = {
    "near_copy_correlation": alike.NEAR,
    "label_follows_cramers_v": FOLLOWS,
    "one_sided_share": RARE,
    "labelled_cases": ENOUGH,
    "film_small_pixels": film.SMALL,
    "film_low_contrast": film.FLAT,
    "film_blank_share": film.BLANK,
    "film_print_shapes": film.LETTERS,
    "film_inverted_correlation": film.INVERTED,
    "film_unlike_correlation": film.UNLIKE,
    "sound_short_seconds": sound.SHORT,
    "sound_silent_share": sound.SILENT,
    "sound_quiet_decibels": sound.QUIET,
    "sound_slow_hertz": sound.SLOW,
}

FAULTS: tuple[tuple[str, Sequence[str]], ...] = (
    ("invalid_row", ("row", "label")),  # a patient's splits are reported by the patient
    ("missing_file", ("file",)),
)


def check(path: Path, progress: Progress = silent) -> DataReport:
    """Read every file that the manifest lists, and report on all of it.

    Raises
    ------
    ManifestError
        No manifest, or none that could be read as a table.
    """
    manifest, faults = scan_manifest(path)
    examined = examine(manifest, progress)
    naming = tables.names_label(examined.notes, manifest.findings)
    given = tables.parts_given(manifest, examined.notes)
    related = tables.associations(manifest, given, examined)
    counted = tables.balance(manifest)
    said: dict[str, list[str]] = {
        kind: [f.said(path.name) for f in faults if f.kind in of] for kind, of in FAULTS
    }
    found: Found = {
        **said,
        "unreadable": [
            sentence("manifest.problem", file=file.name, reason=why)
            for file, why in examined.unreadable.items()
        ],
        **find_duplicates(manifest, examined),
        "note_names_label": [
            str(case) for case, named in zip(manifest.rows["case_id"], naming, strict=True) if named
        ],
        **_follows(related),
        "one_sided_split": list(_one_sided_splits(counted)),
        **_poor_files(examined),
    }
    return DataReport(
        manifest=path.name,
        sha256=manifest.sha256,
        mmbm_version=mmbm.__version__,
        cases=len(manifest.rows),
        patients=manifest.rows["patient_id"].nunique(),
        sources=sorted(set(manifest.rows["source"])),
        labels=list(counted[0].labels) if counted else [],
        thresholds=THRESHOLDS,
        remarks=[
            Remark(kind=kind, count=len(found[kind]), examples=found[kind][:SHOWN])
            for kind in (*ERRORS, *WARNINGS)
            if found.get(kind)
        ],
        balance=counted,
        parts=tables.parts_table(manifest, given, naming),
        associations=[_row(a) for a in related],
        quality=tables.quality(manifest, examined),
    )


def _row(found: Association) -> AssociationRow:
    counts = zip(found.groups, zip(found.negative, found.positive, strict=True), strict=True)
    return AssociationRow(
        label=found.label,
        against=found.against,
        within=found.within,
        cramers_v=found.cramers_v,
        theils_u=found.theils_u,
        groups=dict(counts),
    )


def _follows(related: Sequence[Association]) -> Found:
    """Labels that can be told from what is no sign of disease."""
    found: Found = {kind: [] for kind in WARNINGS if kind.startswith("label_follows")}
    found["one_sided_source"] = []
    for a in related:
        named = _within(a.label, a.within) if a.within else a.label
        if a.cramers_v >= FOLLOWS and a.against in MODALITIES:
            part = name_of("modality", a.against)
            said = sentence("data.example.follows_part", label=named, part=part, v=a.cramers_v)
            found["label_follows_parts"].append(said)
        elif a.cramers_v >= FOLLOWS:
            said = sentence("data.example.follows", label=named, v=a.cramers_v)
            found[f"label_follows_{a.against}"].append(said)
        if a.against == "source":
            found["one_sided_source"] += [_within(a.label, group) for group in a.one_sided]
    return found


def _within(label: str, within: str) -> Sentence:
    return sentence("data.example.within", label=label, within=within)


def _one_sided_splits(counted: Sequence[BalanceRow]) -> Iterator[str]:
    """Labels that only one side of stands in a split, where another split has both."""
    for label in counted[0].labels if counted else ():
        sides = {split: [0, 0] for split in SPLITS}
        for row in counted:
            if row.split in sides:
                sides[row.split][0] += row.labels[label].negative
                sides[row.split][1] += row.labels[label].positive
        if any(all(both) for both in sides.values()):
            one = [split for split, both in sides.items() if any(both) and not all(both)]
            yield from (_within(label, split) for split in one)


def _poor_files(examined: Examined) -> Found:
    """Films and recordings of poor quality, by their file names."""
    found: Found = {}
    for path, facts in examined.films.items():
        for kind in film.faults_of_film(facts):
            found.setdefault(kind, []).append(path.name)
    paths = list(examined.films)
    for kind, places in film.unlike_the_others(list(examined.films.values())).items():
        found[kind] = [paths[place].name for place in places]
    for path, heard in examined.sounds.items():
        for kind in sound.faults_of_sound(heard):
            found.setdefault(kind, []).append(path.name)
    return found
