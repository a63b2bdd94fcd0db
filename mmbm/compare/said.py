"""What a comparison says in sentences wherever it is shown: which cases and findings count."""

from __future__ import annotations

from collections.abc import Iterator

from mmbm.compare.figures import CompareReport, FindingReport
from mmbm.text import Sentence, name_of, sentence

__all__ = ["about"]


def about(report: CompareReport) -> Iterator[Sentence]:
    """Which cases were compared, and what was left out."""
    if report.split:
        yield sentence("cli.compare.split", split=report.split)
    if report.in_some:
        yield sentence("compare.in_some", cases=report.in_some)
    if not report.patients_named:
        yield sentence("compare.no_patients")
    for left in report.left_out:
        name = name_of("finding", left.finding)
        yield sentence("cli.compare.left", reason=sentence(f"compare.left.{left.why}", name=name))
    for found in report.findings:
        reasons = tuple(_not_counted(found))
        if reasons:
            name = name_of("finding", found.finding)
            yield sentence("compare.not_counted", name=name, reasons=reasons)


def _not_counted(found: FindingReport) -> Iterator[Sentence]:
    for model, cases in found.no_score.items():
        yield sentence("compare.no_score", model=model, cases=cases)
    if found.no_label:
        yield sentence("compare.no_label", cases=found.no_label)
    if found.odd_label:
        yield sentence("compare.odd_label", cases=found.odd_label)
