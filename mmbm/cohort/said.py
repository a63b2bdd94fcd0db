"""What a cohort's report says in sentences wherever it is shown: what was left out, and why."""

from __future__ import annotations

from collections.abc import Iterator

from mmbm.cohort.figures import CohortReport
from mmbm.text import Sentence, sentence

__all__ = ["group_name", "left_out", "p_value", "rounded", "uncompared"]

MOST_PAIRS = 10  # that are named


def p_value(p: float) -> str:
    """A p-value as it is written."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def rounded(value: float, digits: int) -> float:
    """A number as it is written, and never -0.0."""
    return round(value, digits) + 0.0


def group_name(group: str, by: str, report: CohortReport) -> str:
    """An arm by its name; a group of the score in words."""
    return group if by == "arm" else sentence(f"cohort.score.{group}", visit=report.visits[0])


def left_out(report: CohortReport) -> Iterator[Sentence]:
    """What does not count, in one sentence; none where everything counts."""
    counts = {name: n for name, n in report.left_out.model_dump().items() if n}
    reasons = []
    for name, n in counts.items():
        if name == "no_baseline":
            visit = report.visits[0]
            reasons.append(sentence("cohort.no_baseline", n=n, baseline=visit))
        else:
            reasons.append(sentence(f"cohort.counted.{name}", n=n))
    if reasons:
        yield sentence("cohort.left_out", reasons=tuple(reasons))


def uncompared(report: CohortReport) -> Iterator[Sentence]:
    """Why there is no difference of some arms, or of none."""
    if report.control is None:
        yield sentence("cohort.one_arm")
        return
    rows = report.changes if report.baseline is not None else report.groups
    spreads = {(row.arm, row.visit): row.sd for row in rows}
    known = {(d.arm, d.visit) for d in report.differences}
    few: list[Sentence] = []
    equal: list[Sentence] = []
    for visit in report.visits[1:] or report.visits:
        for arm in report.arms[1:]:
            if (arm, visit) in known:
                continue
            pair = sentence("cohort.pair", arm=arm, control=report.control, visit=visit)
            short = None in (spreads.get((arm, visit)), spreads.get((report.control, visit)))
            (few if short else equal).append(pair)
    if few:
        yield sentence("cohort.few", pairs=_some(few))
    if equal:
        yield sentence("cohort.no_spread", pairs=_some(equal))


def _some(pairs: list[Sentence]) -> tuple[Sentence, ...]:
    """The first of them, and how many more there are."""
    more = len(pairs) - MOST_PAIRS
    tail = [sentence("cohort.more", n=more)] if more > 0 else []
    return (*pairs[:MOST_PAIRS], *tail)
