"""A cohort's report as files: JSON, tables as CSV, figures as SVG."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pydantic import BaseModel

from mmbm.cohort.draw import figures
from mmbm.cohort.figures import CohortReport
from mmbm.errors import ConfigError
from mmbm.storage.tables import plain_cell
from mmbm.text import LANGUAGES, Language, sentence

__all__ = [
    "archive", "cells_of", "csv_of", "files", "with_read_me", "write_files", "write_report",
    "zipped",
]  # fmt: skip

READ_ME = "READ_ME.txt"
OWN = re.compile(r"[a-z_]+\.(csv|json|svg)")  # names of files that a report may have
ENDS = ("low", "high")


def files(report: CohortReport, language: Language = "en") -> dict[str, bytes]:
    """The content of each file by its name."""
    tables: dict[str, Sequence[BaseModel]] = {
        "distribution.csv": report.groups,
        "change.csv": report.changes,
        "difference.csv": report.differences,
        "sample_size.csv": [report.sample_size] if report.sample_size else [],
    }
    found = {"report.json": report.model_dump_json(indent=2).encode()}
    found |= {name: csv_of(map(cells_of, rows)) for name, rows in tables.items() if rows}
    for compared in report.survival:
        rows = [
            {"group": c.group, "time": t, "survival": s, "low": b[0], "high": b[1], "at_risk": n}
            for c in compared.curves
            for t, s, b, n in zip(c.times, c.survival, c.bounds, c.at_risk, strict=True)
        ]
        found[f"survival_by_{compared.by}.csv"] = csv_of(rows)
    wording = sentence("cohort.wording").into(language)
    said = [wording, f"{report.file} {report.sha256}"]
    return with_read_me(found | figures(report, language), said, language)


def with_read_me(
    found: Mapping[str, bytes], said: Iterable[str], language: Language
) -> dict[str, bytes]:
    """The files with one before them that gives the notice, what is ``said``, and their names."""
    lines = [sentence("report.notice").into(language), *said, "", *found, ""]
    return {READ_ME: "\n".join(lines).encode(), **found}


def write_report(report: CohortReport, folder: Path, language: Language = "en") -> list[Path]:
    """Write every file into a folder, which is made; the paths. Raises ConfigError."""
    return write_files(files(report, language), folder)


def write_files(found: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Files by their names into a folder, which is made; the paths.

    What an earlier report left there, by its own list, goes where this one has no such file.

    Raises
    ------
    ConfigError
        The folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _earlier(folder) - found.keys():
            (folder / name).unlink(missing_ok=True)
        for name, content in found.items():
            (folder / name).write_bytes(content)
    except OSError as exc:
        raise ConfigError(sentence("export.folder", folder=folder.name)) from exc
    return [folder / name for name in found]


def _earlier(folder: Path) -> set[str]:
    """The files that a report in this folder says are its own."""
    if not (folder / READ_ME).is_file():
        return set()
    lines = (folder / READ_ME).read_text(encoding="utf-8", errors="replace").splitlines()
    notices = [sentence("report.notice").into(language) for language in LANGUAGES]
    if not lines or lines[0] not in notices:
        return set()
    return {line for line in lines if OWN.fullmatch(line)}


def archive(report: CohortReport, language: Language = "en") -> bytes:
    """All files as one ZIP; the same report gives the same bytes."""
    return zipped(files(report, language))


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Files by their names as one ZIP; the same files give the same bytes."""
    kept = io.BytesIO()
    with ZipFile(kept, "w", ZIP_DEFLATED) as whole:
        for name, content in files.items():
            whole.writestr(ZipInfo(name), content, ZIP_DEFLATED)
    return kept.getvalue()


def cells_of(row: BaseModel) -> dict[str, Any]:
    """A row of a table; an interval becomes two columns, quartiles three."""
    cells: dict[str, Any] = {}
    for name, value in row.model_dump().items():
        if isinstance(value, tuple):
            ends = ENDS if len(value) == len(ENDS) else ("q1", "median", "q3")
            prefix = "" if name == "quartiles" else f"{name}_"
            cells |= {f"{prefix}{end}": v for end, v in zip(ends, value, strict=True)}
        elif name.endswith("ci") and value is None:
            cells |= {f"{name}_{end}": "" for end in ENDS}
        else:
            cells[name] = value
    return cells


def csv_of(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Rows as CSV, in which no cell is a formula."""
    kept = io.StringIO()
    rows = list(rows)
    writer = csv.DictWriter(kept, list(rows[0]) if rows else [])
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {n: plain_cell(value) if isinstance(value, str) else value for n, value in row.items()}
        )
    return kept.getvalue().encode()
