"""The tables of a check: balance, parts, associations and the quality of each source's files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmbm.case import MODALITIES
from mmbm.data.check.association import Association, associate
from mmbm.data.check.files import Examined
from mmbm.data.check.film import faults_of_film
from mmbm.data.check.report import BalanceRow, LabelCount, PartsRow, QualityRow, Spread
from mmbm.data.check.sound import faults_of_sound
from mmbm.data.manifest import SOUND, SPLITS, Manifest
from mmbm.data.masking import DISEASE_NAMES

__all__ = ["associations", "balance", "names_label", "parts_given", "parts_table", "quality"]


def names_label(notes: Sequence[str], findings: Sequence[str]) -> list[bool]:
    """Which notes name a disease, what a film showed, or one of the ``findings``."""
    words = [re.escape(name).replace("_", r"[\s_-]+") for name in findings]
    named = re.compile(
        rf"(?<![A-Za-z])(?:{'|'.join(words)})(?![A-Za-z])" if words else r"(?!)", re.I
    )
    return [bool(DISEASE_NAMES.search(text) or named.search(text)) for text in notes]


def parts_given(manifest: Manifest, notes: Sequence[str]) -> pd.DataFrame:
    """(cases, modalities) bool: what each case has."""
    rows = manifest.rows
    return pd.DataFrame(
        {
            "image": rows["image"] != "",
            "notes": [n != "" for n in notes],
            "audio": rows["audio"] != "",
        }
    )


def _cells(manifest: Manifest) -> list[tuple[str, str, pd.DataFrame]]:
    """The rows by split and source, in that order."""
    order = {split: place for place, split in enumerate(SPLITS)}
    groups = [
        (str(split), str(source), rows)
        for (split, source), rows in manifest.rows.groupby(["split", "source"])
    ]
    return sorted(groups, key=lambda g: (order.get(g[0], len(order)), g[1]))


def balance(manifest: Manifest) -> list[BalanceRow]:
    """How often each label is positive, negative and unknown, by split and source."""
    labels = [*manifest.findings, *(SOUND + event for event in manifest.sound_events)]
    told = manifest.labels(labels).round()
    table = []
    for split, source, rows in _cells(manifest):
        here = told[rows.index.to_numpy()]
        counts = zip((here == 1).sum(0), (here == 0).sum(0), np.isnan(here).sum(0), strict=True)
        table.append(
            BalanceRow(
                split=split,
                source=source,
                labels={
                    label: LabelCount(positive=int(p), negative=int(n), unknown=int(u))
                    for label, (p, n, u) in zip(labels, counts, strict=True)
                },
            )
        )
    return table


def parts_table(manifest: Manifest, given: pd.DataFrame, naming: Sequence[bool]) -> list[PartsRow]:
    """Which modalities the cases have, by split and source."""
    named = np.array(naming)
    table = []
    for split, source, rows in _cells(manifest):
        here = given.loc[rows.index]
        table.append(
            PartsRow(
                split=split,
                source=source,
                cases=len(rows),
                patients=rows["patient_id"].nunique(),
                **{part: int(here[part].sum()) for part in MODALITIES},
                all_three=int(here.all(axis=1).sum()),
                notes_naming=int(named[rows.index.to_numpy()].sum()),
            )
        )
    return table


def associations(manifest: Manifest, given: pd.DataFrame, examined: Examined) -> list[Association]:
    """Every label against source, view, how the film was made, and parts, the strongest first."""
    rows, sources = manifest.rows, sorted(set(manifest.rows["source"]))
    films = {row: f for f in examined.listed["image"] if f.path in examined.films for row in f.rows}
    facts = {row: examined.films[file.path] for row, file in films.items()}
    sharp = {row: f.sharpness for row, f in facts.items()}
    dense = {row: films[row].path.stat().st_size / (f.height * f.width) for row, f in facts.items()}
    printed = {
        row: "yes" if "film_print" in faults_of_film(f) else "no" for row, f in facts.items()
    }
    groupings: dict[str, list[str]] = {
        "source": rows["source"].tolist(),
        "view": rows["view"].tolist(),
        "print": [printed.get(row, "") for row in range(len(rows))],
        "sharpness": fourths(manifest, sharp),
        "file_size": fourths(manifest, dense),
        **{part: ["yes" if there else "no" for there in given[part]] for part in MODALITIES},
    }
    found = []
    for label in (*manifest.findings, *(SOUND + event for event in manifest.sound_events)):
        values = manifest.labels([label])[:, 0].round()
        for against, groups in groupings.items():
            pooled = associate(label, values, against, groups)
            found.append(pooled)
            for source in sources if against != "source" else ():
                here = rows["source"].eq(source)
                inner = [g if h else "" for g, h in zip(groups, here, strict=True)]
                inside = associate(label, values, against, inner, source)
                if inside and pooled and inside.cases < pooled.cases:
                    found.append(inside)
    return sorted((a for a in found if a is not None), key=lambda a: -a.cramers_v)


def fourths(manifest: Manifest, figures: dict[int, float]) -> list[str]:
    """Which fourth of its source and view each row's figure is in, "1" the least; "" without one.

    Where a label follows it, the healthy and the sick were filmed or stored in different ways.
    """
    given = pd.Series(figures, dtype=float).reindex(range(len(manifest.rows)))
    place = given.groupby([manifest.rows["source"], manifest.rows["view"]]).rank(pct=True)
    return ["" if np.isnan(p) else str(int(np.ceil(4 * p))) for p in place]


def quality(manifest: Manifest, examined: Examined) -> list[QualityRow]:
    """Size, contrast, length and level of each source's files, and how many are poor."""
    table = []
    for source, rows in manifest.rows.groupby("source"):
        mine = set(rows.index)
        for part in ("image", "audio"):
            paths = [f.path for f in examined.listed[part] if mine.intersection(f.rows)]
            if not paths:
                continue
            columns, kinds = _measured(paths, part, examined)
            table.append(
                QualityRow(
                    source=str(source),
                    part=part,
                    files=len(paths),
                    unreadable=sum(path in examined.unreadable for path in paths),
                    figures={name: _spread(v) for name, v in columns.items() if v},
                    faults={kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
                )
            )
    return table


def _measured(
    paths: Sequence[Path], part: str, examined: Examined
) -> tuple[dict[str, list[float]], list[str]]:
    """Figures of the files that could be read, and the faults of each."""
    if part == "image":
        films = [examined.films[path] for path in paths if path in examined.films]
        figures: dict[str, list[float]] = {
            "shorter_side": [min(f.height, f.width) for f in films],
            "contrast": [f.contrast for f in films],
            "sharpness": [f.sharpness for f in films],
        }
        return figures, [kind for f in films for kind in faults_of_film(f)]
    sounds = [examined.sounds[path] for path in paths if path in examined.sounds]
    figures = {name: [getattr(s, name) for s in sounds] for name in ("seconds", "rate", "level")}
    return figures, [kind for s in sounds for kind in faults_of_sound(s)]


def _spread(values: Sequence[float]) -> Spread:
    cuts: list[Any] = np.quantile(values, (0, 0.25, 0.5, 0.75, 1)).tolist()
    return Spread(least=cuts[0], lower=cuts[1], median=cuts[2], upper=cuts[3], greatest=cuts[4])
