"""An evaluation record as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from mmbm.findings import title
from mmbm.record import ALL, Heard, Record, Status
from mmbm.record.figures import Comparison, Figures, Interval
from mmbm.text import Say, Sentence, known, name_of, sentence

__all__ = [
    "figures_table",
    "group_named",
    "headed",
    "markdown_table",
    "marked",
    "named",
    "number",
    "unseen",
    "with_interval",
    "written",
]

RATES = ("accuracy", "precision", "recall", "specificity", "f1")
HEADER = (
    "group", "finding", "patients", "cases", "assembled", "positives", "auroc", "auprc",
    "threshold", *RATES, "confusion", "ece_by_chance",
)  # fmt: skip
SHORT = (*HEADER[:8], "ece")
PAIRS = ("finding", "group", "patients", "cases", "assembled", "first", "second", "difference")
RISKS = ("finding", "source", "cases", "errors_all", "errors_half", "aurc")

Rows: TypeAlias = Iterable[Sequence[str]]  # cells: sentences, names and numbers


def number(value: float | None, places: int = 3) -> str:
    """A figure, or "not assessed"."""
    return sentence("card.not_assessed") if value is None else f"{value:.{places}f}"


def with_interval(figures: Figures, name: str, places: int = 3) -> str:
    """ "0.912 (0.870 to 0.944)", "not assessed" where there is none."""
    value: float | None = getattr(figures, name)
    bounds = figures.interval(name)
    return number(value, places) if value is None else written(value, bounds, places)


def written(value: float, bounds: Interval | None, places: int = 3) -> str:
    """A figure and its interval, where there is one."""
    shown = number(value, places)
    if bounds is None:
        return shown
    low, high = (number(bound, places) for bound in bounds)
    return sentence("card.interval", value=shown, low=low, high=high)


def unseen(source: str) -> Sentence:
    """What figures of a model that was trained without a source are called."""
    return sentence("card.unseen", source=source)


def group_named(group: str) -> str:
    """What a record calls a group of cases or scores, in words; a source by its own name."""
    code = "all" if group == ALL else group.replace(" ", "_")
    return name_of("group", code) if known(f"group.{code}") else group


def named(source: str, record: Record) -> str:
    """A source, with what its labels are where no reader of the film gave them."""
    group = group_named(source)
    return sentence("card.mined", source=group) if source in record.mined else group


def marked(group: str, f: Figures | Comparison) -> str:
    """A group, with a mark where it has few cases of one label."""
    return sentence("card.few", group=group) if f.few else group


def markdown_table(header: Sequence[str], rows: Rows, say: Say) -> str:
    """Rows as a Markdown table; "Not assessed." where there are none.

    ``header`` has the codes of heads, or names such as a finding's column.
    """
    body = list(rows)
    if not body:
        return say(sentence("card.none"))
    heads = [name_of("card.head", h) if known(f"card.head.{h}") else title(h) for h in header]
    lines = [[say(head) for head in heads], ["---"] * len(header)]
    lines += [[say(cell) for cell in row] for row in body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _sizes(group: str, finding: str, f: Figures) -> list[str]:
    """The columns that both widths begin with."""
    return [
        marked(group, f),
        title(finding),
        *(str(count) for count in (f.patients, f.n, f.assembled, f.positives)),
        with_interval(f, "auroc"),
        with_interval(f, "auprc"),
    ]


def _long(group: str, finding: str, f: Figures) -> list[str]:
    counts = (f.true_positives, f.false_positives, f.false_negatives, f.true_negatives)
    confusion = number(None) if None in counts else "/".join(str(count) for count in counts)
    return [
        *_sizes(group, finding, f),
        number(f.threshold),
        *(with_interval(f, rate) for rate in RATES),
        confusion,
        sentence("card.pair", first=number(f.ece), second=number(f.ece_floor)),
    ]


def _short(group: str, finding: str, f: Figures) -> list[str]:
    return [*_sizes(group, finding, f), number(f.ece)]


def _pairs(table: Mapping[str, Mapping[str, Comparison]], say: Say) -> str:
    return markdown_table(
        PAIRS,
        (
            [
                title(finding),
                marked(group_named(group), c),
                *(str(count) for count in (c.patients, c.n, c.assembled)),
                f"{say(_parts(c.first))} {c.first_auroc:.3f}",
                f"{say(_parts(c.second))} {c.second_auroc:.3f}",
                sentence(
                    "card.interval",
                    value=f"{c.difference:+.3f}",
                    low=f"{c.difference_ci[0]:+.3f}",
                    high=f"{c.difference_ci[1]:+.3f}",
                ),
            ]
            for finding, groups in table.items()
            for group, c in groups.items()
        ),
        say,
    )


def _parts(subset: str) -> str:
    """A subset of modalities by their names; what is none is a group."""
    parts = subset.split("+")
    if not all(known(f"modality.{part}") for part in parts):
        return group_named(subset)
    return sentence("card.parts", parts=tuple(name_of("modality", part) for part in parts))


def figures_table(record: Record, say: Say = str) -> str:
    """All of a record, a table a section."""
    groups = {ALL: record.overall, **record.by_source}
    rows = [(named(g, record), name, f) for g, by in groups.items() for name, f in by.items()]
    real = [
        (named(s, record), name, f) for s, by in record.real_parts.items() for name, f in by.items()
    ]
    left_out = [
        (unseen(named(source, record)), name, f)
        for source, left in record.leave_one_source_out.items()
        for name, f in left.by_finding.items()
    ]
    subsets = [
        (sentence("card.subset", source=source, subset=_parts(subset)), name, f)
        for source, by_subset in record.by_source_and_modalities.items()
        for subset, by in by_subset.items()
        for name, f in by.items()
    ]
    people = [
        (_people(source, kind, group), name, f)
        for source, kinds in record.subgroups.items()
        for kind, by_group in kinds.items()
        for group, by in by_group.items()
        for name, f in by.items()
    ]
    point = sentence(f"card.point.{record.operating_point}")
    sections: dict[str, str] = {
        sentence("card.section.status"): _status(record, say),
        sentence("card.section_all", point=point): markdown_table(
            HEADER, (_long(*row) for row in rows), say
        ),
        sentence("card.section.real"): markdown_table(HEADER, (_long(*row) for row in real), say),
        sentence("card.section.left_out"): markdown_table(
            SHORT, (_short(*row) for row in left_out), say
        ),
        sentence("card.section.subsets"): markdown_table(
            SHORT, (_short(*row) for row in subsets), say
        ),
        sentence("card.section.fused"): _pairs(record.fused_against_single, say),
        sentence("card.section.pairs"): _pairs(record.real_pairs, say),
        sentence("card.section.shuffled"): _pairs(record.shuffled, say),
        sentence("card.section.subgroups"): markdown_table(
            SHORT, (_short(*row) for row in people), say
        )
        + _unstated(record, say),
        sentence("card.section.risks"): _risks(record, say),
        sentence("card.section.events"): markdown_table(
            SHORT, (_event(n, f) for n, f in record.sound_events.items() if f.n), say
        ),
    }
    told = "\n\n".join(headed(name, table, say) for name, table in sections.items())
    return f"{told}\n\n{say(sentence('card.footnote'))}"


def headed(heading: str, text: str, say: Say) -> str:
    """A table or list under what it is about."""
    return f"{say(sentence('card.headed', heading=heading))}\n\n{text}"


def _event(name: str, f: Figures) -> list[str]:
    group, _, *figures = _short(sentence("card.lung_sounds"), name, f)
    return [group, name_of("event", name), *figures]


def _people(source: str, kind: str, group: str) -> Sentence:
    kinds = name_of("card.kind", kind)
    named_group = name_of("people", group) if known(f"people.{group}") else group
    return sentence("card.people", source=source, kind=kinds, group=named_group)


def _status(record: Record, say: Say) -> str:
    left = record.leave_one_source_out

    def reasons(finding: str, status: Status) -> str:
        said = [
            _because(s, h, record, record.real_parts[s][finding]) for s, h in status.sources.items()
        ]
        said += [
            sentence(
                "card.trained_without", said=_because(s, h, record, left[s].by_finding[finding])
            )
            for s, h in status.unseen.items()
            if s in left
        ]
        return say(sentence("list.semicolon")).join(map(say, said))

    return markdown_table(
        ("finding", "status", "because"),
        (
            [title(name), sentence(f"status.{s.level}"), reasons(name, s)]
            for name, s in record.status.items()
        ),
        say,
    )


def _because(source: str, heard: Heard, record: Record, f: Figures) -> Sentence:
    """Why a source counts for or against a finding, or not at all."""
    if heard.startswith("few"):
        few = min(f.positives, f.n - f.positives)
        return sentence(f"card.because_few.{heard}", source=source, few=few, n=f.n)
    shown = named(source, record)
    return sentence(f"card.because.{heard}", source=shown, auroc=with_interval(f, "auroc"))


def _unstated(record: Record, say: Say) -> str:
    """Which sources do not say what."""
    missing = [
        sentence(
            "card.source_kinds",
            source=source,
            kinds=tuple(name_of("card.kind", kind) for kind in absent),
        )
        for source, kinds in record.subgroups.items()
        if (absent := [kind for kind in ("sex", "age", "view") if kind not in kinds])
    ]
    listed = say(sentence("list.semicolon")).join(map(say, missing))
    return f"\n\n{say(sentence('card.unstated', sources=listed))}" if missing else ""


def _risks(record: Record, say: Say) -> str:
    return markdown_table(
        RISKS,
        (
            [
                title(finding),
                source,
                str(c.n),
                number(c.risk[-1]),
                number(next(r for k, r in zip(c.coverage, c.risk, strict=True) if k >= 0.5)),
                written(c.area, c.area_ci),
            ]
            for finding, curves in record.risk_coverage.items()
            for source, c in curves.items()
        ),
        say,
    )
