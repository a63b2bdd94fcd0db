"""An evaluation record as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mmbm.findings import title
from mmbm.record.figures import Comparison, Figures, Interval
from mmbm.record.record import ALL, Heard, Level, Point, Record, Status

__all__ = [
    "FEW",
    "figures_table",
    "markdown_table",
    "named",
    "number",
    "unseen",
    "with_interval",
    "written",
]

RATES = ("accuracy", "precision", "recall", "specificity", "f1")
HEADER = (
    "group", "finding", "patients", "cases", "assembled", "positives", "AUROC", "AUPRC",
    "threshold", "accuracy", "precision", "recall", "specificity", "F1", "TP/FP/FN/TN",
    "ECE (by chance)",
)  # fmt: skip
SHORT = (*HEADER[:8], "ECE")
PAIRS = ("finding", "group", "patients", "cases", "assembled", "first", "second", "difference")
FEW = " †"
MINED = " (labels mined from report text)"
POINTS: dict[Point, str] = {
    "half": "probability 0.5",
    "youden": "Youden's J on the val split, sources alike",
    "balanced": "sensitivity and specificity alike on the val split, sources alike",
}
LEVELS: dict[Level, str] = {
    "across_sources": "validated across sources",
    "within_sources": "within sources it was trained on, not shown to hold elsewhere",
    "one_source": "within one source",
    "exploratory": "exploratory",
}


def number(value: float | None, places: int = 3) -> str:
    """A figure, or "not assessed"."""
    return "not assessed" if value is None else f"{value:.{places}f}"


def with_interval(figures: Figures, name: str, places: int = 3) -> str:
    """ "0.912 (0.870 to 0.944)", "not assessed" where there is none."""
    value: float | None = getattr(figures, name)
    bounds = figures.interval(name)
    return number(value, places) if value is None else written(value, bounds, places)


def written(value: float, bounds: Interval | None, places: int = 3) -> str:
    """A figure and its interval, where there is one."""
    if bounds is None:
        return number(value, places)
    return f"{value:.{places}f} ({bounds[0]:.{places}f} to {bounds[1]:.{places}f})"


def unseen(source: str) -> str:
    """What figures of a model that was trained without a source are called."""
    return f"{source}, trained without it"


def named(source: str, record: Record) -> str:
    """A source, with what its labels are where no reader of the film gave them."""
    return f"{source}{MINED}" if source in record.mined else source


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows as a Markdown table; "Not assessed." where there are none."""
    body = list(rows)
    if not body:
        return "Not assessed."
    lines = [header, ["---"] * len(header), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _sizes(group: str, finding: str, f: Figures) -> list[str]:
    """The columns that both widths begin with."""
    return [
        group + (FEW if f.few else ""),
        title(finding),
        *(str(count) for count in (f.patients, f.n, f.assembled, f.positives)),
        with_interval(f, "auroc"),
        with_interval(f, "auprc"),
    ]


def _long(group: str, finding: str, f: Figures) -> list[str]:
    counts = (f.true_positives, f.false_positives, f.false_negatives, f.true_negatives)
    confusion = "not assessed" if None in counts else "/".join(str(count) for count in counts)
    return [
        *_sizes(group, finding, f),
        number(f.threshold),
        *(with_interval(f, rate) for rate in RATES),
        confusion,
        f"{number(f.ece)} ({number(f.ece_floor)})",
    ]


def _short(group: str, finding: str, f: Figures) -> list[str]:
    return [*_sizes(group, finding, f), number(f.ece)]


def _pairs(table: Mapping[str, Mapping[str, Comparison]]) -> str:
    return markdown_table(
        PAIRS,
        (
            [
                title(finding),
                group + (FEW if c.few else ""),
                *(str(count) for count in (c.patients, c.n, c.assembled)),
                f"{c.first} {c.first_auroc:.3f}",
                f"{c.second} {c.second_auroc:.3f}",
                f"{c.difference:+.3f} ({c.difference_ci[0]:+.3f} to {c.difference_ci[1]:+.3f})",
            ]
            for finding, groups in table.items()
            for group, c in groups.items()
        ),
    )


def figures_table(record: Record) -> str:
    """All of a record, a table a section."""
    groups = {ALL: record.overall, **record.by_source}
    rows = [(named(g, record), name, f) for g, by in groups.items() for name, f in by.items()]
    subsets = [
        (f"{source}: {subset}", name, f)
        for source, by_subset in record.by_source_and_modalities.items()
        for subset, by in by_subset.items()
        for name, f in by.items()
    ]
    people = [
        (f"{source}: {kind} {group}", name, f)
        for source, kinds in record.subgroups.items()
        for kind, by_group in kinds.items()
        for group, by in by_group.items()
        for name, f in by.items()
    ]
    sections = {
        "Status of each finding, by real parts alone": _status(record),
        f"All that was given. Operating point: {POINTS[record.operating_point]}": markdown_table(
            HEADER, (_long(*row) for row in rows)
        ),
        "With generated notes and drawn recordings left out": markdown_table(
            HEADER,
            (
                _long(named(s, record), name, f)
                for s, by in record.real_parts.items()
                for name, f in by.items()
            ),
        ),
        "A source left out of training, its films and real parts alone": markdown_table(
            SHORT,
            (
                _short(unseen(named(source, record)), name, f)
                for source, left in record.leave_one_source_out.items()
                for name, f in left.by_finding.items()
            ),
        ),
        "Each subset of modalities, the others muted (notes alone are a control: what the words "
        "give away)": markdown_table(SHORT, (_short(*row) for row in subsets)),
        "Fused against the best modality by itself": _pairs(record.fused_against_single),
        "Film and real note of the same patient against the film alone": _pairs(record.real_pairs),
        "Control: notes and recordings swapped among the cases of a source": _pairs(
            record.shuffled
        ),
        "Subgroups, real parts alone": markdown_table(SHORT, (_short(*row) for row in people))
        + _unstated(record),
        "Errors when only the surest cases are kept": _risks(record),
        "Sound events, each recording once (of a manikin, 'patients' are groups of recordings)": (
            markdown_table(
                SHORT, (_short("recordings", n, f) for n, f in record.sound_events.items() if f.n)
            )
        ),
    }
    return "\n\n".join(f"{title}:\n\n{table}" for title, table in sections.items()) + (
        "\n\nIntervals: 95 %, bootstrap over patients. Assembled: cases whose score leans on a "
        "generated note or a drawn recording. ECE by chance: what a perfect model would show on as "
        "many cases. †: fewer than ten cases of one label, so the figures say little."
    )


def _status(record: Record) -> str:
    def because(source: str, heard: Heard, f: Figures) -> str:
        if heard.startswith("few"):
            few = min(f.positives, f.n - f.positives)
            return f"{source} not heard, {few} of {f.n} cases are {heard.removeprefix('few_')}"
        return f"{named(source, record)} {heard} it, AUROC {with_interval(f, 'auroc')}"

    def reasons(finding: str, status: Status) -> str:
        left = record.leave_one_source_out
        said = [because(s, h, record.real_parts[s][finding]) for s, h in status.sources.items()]
        said += [
            "trained without it, " + because(s, heard, left[s].by_finding[finding])
            for s, heard in status.unseen.items()
            if s in left
        ]
        return "; ".join(said)

    return markdown_table(
        ("finding", "status", "because"),
        ([title(name), LEVELS[s.level], reasons(name, s)] for name, s in record.status.items()),
    )


def _unstated(record: Record) -> str:
    """Which sources do not say what."""
    missing = [
        f"{source}: {', '.join(absent)}"
        for source, kinds in record.subgroups.items()
        if (absent := [kind for kind in ("sex", "age", "view") if kind not in kinds])
    ]
    return f"\n\nNot assessed, since the source does not say: {'; '.join(missing)}." * bool(missing)


def _risks(record: Record) -> str:
    return markdown_table(
        ("finding", "source", "cases", "errors, all cases", "errors, surest half", "mean (AURC)"),
        (
            [
                title(finding),
                source,
                str(c.n),
                number(c.risk[-1]),
                number(next(r for k, r in zip(c.coverage, c.risk, strict=True) if k >= 0.5)),
                f"{c.area:.3f} ({c.area_ci[0]:.3f} to {c.area_ci[1]:.3f})",
            ]
            for finding, curves in record.risk_coverage.items()
            for source, c in curves.items()
        ),
    )
