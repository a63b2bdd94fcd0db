"""What was validated where: one row a source, for who has a minute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from dashboard.figures.forest import Scale, auroc_scale, bar, interval
from dashboard.foreign import escape
from dashboard.parts.blocks import by_group, share
from dashboard.parts.sources import about_source, source_name, unseen_name
from dashboard.text import Texts
from mmbm.case import MODALITIES
from mmbm.record import Heard, Record
from mmbm.record.figures import Figures, Located

__all__ = ["status_line", "validated"]

Learned = Literal["yes", "no", "left_out", "unstated"]
ORDER = ("for", "against")  # then what is not counted
HEADS = ("source", "inputs", "cases_of", "learned", "auroc_ci", "recall", "specificity", "boxed",
         "heard")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A finding on one source's held-out patients, real inputs only."""

    source: str
    figures: Figures
    heard: Heard | None
    learned: Learned  # whether this model learned from other patients of the source
    boxed: Located | None


def status_line(record: Record, finding: str, say: Texts) -> str:
    """What the finding may be called, in a sentence."""
    status = record.status.get(finding)
    if status is None:
        return ""
    said = say(f"model.status.{status.level}")
    kind = {"across_sources": "pass", "exploratory": "fail"}.get(status.level, "caution")
    return (
        f'<div class="standing"><span class="verdict {kind}">{escape(say.name("finding", finding))}'
        f"</span> {escape(said)}</div>"
    )


def validated(record: Record, facts: dict[str, Any], finding: str, say: Texts) -> str:
    """The table, as HTML; "" where no source was assessed."""
    rows = list(tested(record, facts, finding))
    if not rows:
        return ""
    scale = auroc_scale([row.figures for row in rows])
    heads = "".join(f'<th scope="col">{escape(say(f"model.{head}"))}</th>' for head in HEADS)
    body = "".join(_row(row, record, scale, say) for row in rows)
    return (
        '<div class="wide" tabindex="0"><table class="plain validated">'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def tested(record: Record, facts: dict[str, Any], finding: str) -> Iterator[Tested]:
    """Sources that support the finding first, large ones first; those left out behind their own."""
    status = record.status.get(finding)
    heard = status.sources if status else {}
    unseen = status.unseen if status else {}
    found = by_group(record.real_parts, finding)

    def rank(source: str) -> tuple[int, int]:
        said = heard.get(source)
        return ORDER.index(said) if said in ORDER else len(ORDER), -found[source].patients

    for source in sorted(found, key=rank):
        yield Tested(
            source=source,
            figures=found[source],
            heard=heard.get(source),
            learned=learned_from(source, record, facts),
            boxed=record.boxes.get(finding, {}).get(source),
        )
        left = record.leave_one_source_out.get(source)
        if left and finding in left.by_finding:
            yield Tested(
                source=source,
                figures=left.by_finding[finding],
                heard=unseen.get(source),
                learned="left_out",
                boxed=left.boxes.get(finding),
            )


def learned_from(source: str, record: Record, facts: dict[str, Any]) -> Learned:
    """Whether the card lists train cases of a source."""
    if source in record.left_out:
        return "no"
    data: list[dict[str, Any]] = facts.get("data", [])
    if not data:
        return "unstated"
    trained = any(row.get("source") == source and row.get("split") == "train" for row in data)
    return "yes" if trained else "no"


def inputs_of(source: str, record: Record, say: Texts) -> str:
    """Which inputs of a source's cases are the patient's own."""
    subsets = record.by_source_and_modalities.get(source, {})
    real = [subset for subset, by in subsets.items() if all(not f.assembled for f in by.values())]
    parts = dict.fromkeys(part for subset in real for part in subset.split("+"))
    if not parts:
        return say("model.inputs.unstated")
    ordered = sorted(parts, key=lambda part: (*MODALITIES, part).index(part))
    names = " + ".join(say.name("modality", part) for part in ordered)
    return names if len(parts) > 1 else say("model.inputs.alone", part=names)


def _row(row: Tested, record: Record, scale: Scale, say: Texts) -> str:
    f = row.figures
    left_out = row.learned == "left_out"
    name = (unseen_name if left_out else source_name)(row.source, say)
    about = about_source(row.source, record, say)
    if left_out:
        about = say("model.learned.left_out.who")
    learned = say(f"model.learned.{row.learned}")
    cells = [
        escape(inputs_of(row.source, record, say)),
        f"<b>{f.patients:,}</b><small>"
        + escape(say("model.cases_positive", n=f"{f.n:,}", positives=f"{f.positives:,}"))
        + "</small>",
        escape(learned),
        _auroc(f, scale, say),
        _rate(f.recall, f.recall_ci, say),
        _rate(f.specificity, f.specificity_ci, say),
        _boxed(row.boxed, say),
        _heard(row.heard, f, say),
    ]
    faint = " class=faint" if f.few else ""
    about = f"<small>{escape(about)}</small>" if about else ""
    tds = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr{faint}><th scope="row">{escape(name)}{about}</th>{tds}</tr>'


def _auroc(f: Figures, scale: Scale, say: Texts) -> str:
    if f.auroc is None:
        return escape(say("model.none"))
    return f"<b>{interval(f.auroc, f.auroc_ci)}</b>{bar(f.auroc, f.auroc_ci, scale)}"


def _rate(value: float | None, bounds: tuple[float, float] | None, say: Texts) -> str:
    """ "0.79" over its interval."""
    if value is None:
        return escape(say("model.none"))
    low_high = f"<small>{bounds[0]:.2f}–{bounds[1]:.2f}</small>" if bounds else ""
    return f"{value:.2f}{low_high}"


def _boxed(f: Located | None, say: Texts) -> str:
    if f is None:
        return escape(say("model.none"))
    said = say("model.boxed.of", n=f"{f.n:,}", chance=share(f.chance, 0))
    return f"<b>{share(f.top, 0)}</b><small>{escape(said)}</small>"


def _heard(heard: Heard | None, f: Figures, say: Texts) -> str:
    """Whether the source supports the finding, in a mark and a word."""
    if heard is None:
        return escape(say("model.none"))
    few = min(f.positives, f.n - f.positives)
    sign = {"for": "✓", "against": "✗"}.get(heard, "–")
    said = say(f"model.says.{heard}", few=few)
    return f'<span class="says {heard}"><b aria-hidden="true">{sign}</b> {escape(said)}</span>'
