"""A comparison's report as files: JSON, and tables as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmbm.cohort.files import cells_of, csv_of, with_read_me, write_files, zipped
from mmbm.compare.figures import CompareReport, FindingReport
from mmbm.compare.records import RecordsReport
from mmbm.text import Language

__all__ = ["archive", "files", "write_report"]


def files(report: CompareReport | RecordsReport, language: Language = "en") -> dict[str, bytes]:
    """The content of each file by its name."""
    found = {"report.json": report.model_dump_json(indent=2).encode()}
    said: list[str] = []
    if isinstance(report, RecordsReport):
        found["records.csv"] = csv_of(map(cells_of, report.rows))
    else:
        every = report.findings
        found["models.csv"] = csv_of(_of(f) | cells_of(m) for f in every for m in f.models)
        found["differences.csv"] = csv_of(
            _of(f) | cells_of(d) for f in every for d in f.differences
        )
        found["decision_curves.csv"] = csv_of(row for f in every for row in _decided(f))
        found["roc.csv"] = csv_of(
            {"finding": f.finding, "model": curve.model, "fpr": x, "tpr": y}
            for f in every
            for curve in f.roc
            for x, y in zip(curve.fpr, curve.tpr, strict=True)
        )
        said += [f"{file.file} {file.sha256}" for file in report.files]
    return with_read_me(found, said, language)


def _of(finding: FindingReport) -> dict[str, Any]:
    names = ("finding", "cases", "patients", "positives")
    return {name: getattr(finding, name) for name in names}


def _decided(finding: FindingReport) -> list[dict[str, Any]]:
    """Net benefit by threshold, one column a model."""
    curves = finding.decision
    return [
        {"finding": finding.finding, "threshold": t, "treat_all": every, "treat_none": 0.0}
        | {f"model:{name}": values[k] for name, values in curves.models.items()}
        for k, (t, every) in enumerate(zip(curves.thresholds, curves.treat_all, strict=True))
    ]


def write_report(
    report: CompareReport | RecordsReport, folder: Path, language: Language = "en"
) -> None:
    """Write every file into a folder, which is made. Raises ConfigError."""
    write_files(files(report, language), folder)


def archive(report: CompareReport | RecordsReport, language: Language = "en") -> bytes:
    """All files as one ZIP; the same report gives the same bytes."""
    return zipped(files(report, language))
