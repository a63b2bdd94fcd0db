"""A cohort's report as files: JSON, tables as CSV, figures as SVG."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pydantic import BaseModel

from mmbm.cohort.draw import figures
from mmbm.cohort.figures import CohortReport
from mmbm.errors import ConfigError
from mmbm.text import Language, sentence

__all__ = ["archive", "cells_of", "csv_of", "files", "write_files", "write_report", "zipped"]

LEAST = "=+-@\t\r"  # what a spreadsheet takes for a formula at the start of a cell
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
    notice = sentence("report.notice").into(language)
    found["READ_ME.txt"] = f"{notice}\n{wording}\n{report.file} {report.sha256}\n".encode()
    return found | figures(report, language)


def write_report(report: CohortReport, folder: Path, language: Language = "en") -> list[Path]:
    """Write every file into a folder, which is made; the paths. Raises ConfigError."""
    return write_files(files(report, language), folder)


def write_files(found: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Files by their names into a folder, which is made; the paths.

    Raises
    ------
    ConfigError
        The folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in found.items():
            (folder / name).write_bytes(content)
    except OSError as exc:
        raise ConfigError(sentence("export.folder", folder=folder.name)) from exc
    return [folder / name for name in found]


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
        writer.writerow({name: _safe(value) for name, value in row.items()})
    return kept.getvalue().encode()


def _safe(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in LEAST and value else value
