"""The card's section on what was measured: figures, places, trust."""

from __future__ import annotations

from mmbm.card.facts import Card
from mmbm.card.located import against_normal_table, located_sentences, located_table
from mmbm.card.tables import figures_table, group_named, headed, markdown_table, number
from mmbm.findings import title
from mmbm.record import Record
from mmbm.text import Say, name_of, sentence

__all__ = ["evaluation"]


def evaluation(card: Card, say: Say) -> str:
    """The whole section, with what is wrong with the record at its head."""
    head = f"## {say(sentence('card.title.evaluation'))}"
    said = "\n\n".join(f"**{say(sentence(f'card.fault.{fault}'))}**" for fault in card.faults)
    record = card.evaluation
    if record is None:
        return f"{head}\n{said}"
    unstated = sentence("card.not_stated")
    made = sentence(
        "card.made",
        sha256=record.test_sha256 or unstated,
        version=record.pipeline_version or unstated,
    )
    figures = figures_table(record, say)
    account = _agreement(record, say)
    parts = (head, said, say(made), account, _located(record, say), figures, _trust(record, say))
    return "\n\n".join(part for part in parts if part)


def _agreement(record: Record, say: Say) -> str:
    """How far the account lies from Captum's; nothing where it was not assessed."""
    found = record.agreement
    if found is None:
        return ""
    told = sentence(
        "card.agreement",
        cases=found.n,
        assembled=found.assembled,
        absent=found.absent,
        findings=found.findings,
        difference=found.difference,
        residual=found.residual,
        sha256=found.cases_sha256,
    )
    return say(told)


def _located(record: Record, say: Say) -> str:
    """Where the evidence lies, and how the finding is told from normal cases."""
    sections = []
    left = record.leave_one_source_out.values()
    if record.against_normal or any(o.against_normal for o in left):
        table = against_normal_table(record, say)
        sections.append(headed(sentence("card.section.normal"), table, say))
    if record.boxes or record.moments:
        told = (located_sentences(record, say), located_table(record, say))
        tables = "\n\n".join(part for part in told if part)
        sections.append(headed(sentence("card.section.marked"), tables, say))
    return "\n\n".join(sections)


def _trust(record: Record, say: Say) -> str:
    """How often answers were right, and out-of-distribution inputs found."""
    answers = [
        [
            level,
            title(finding),
            group_named(group),
            str(f["n"]),
            number(f["coverage"]),
            number(f["one"]),
        ]
        for level, by in record.conformal.get("levels", {}).items()
        for finding, groups in by.items()
        for group, f in groups.items()
    ]
    kinds = record.shift.get("kinds", {})
    odd = [
        [name_of("odd", kind), str(f["n"]), number(f["auroc"]), number(f["flagged"])]
        for kind, f in kinds.items()
    ]
    alarms = [
        [name_of("modality", modality), group_named(source), str(f["n"]), number(f["flagged"])]
        for modality, sources in record.shift.get("false_alarms", {}).items()
        for source, f in sources.items()
    ]
    sections = {
        sentence("card.section.answers"): markdown_table(ANSWERS, answers, say),
        sentence("card.section.odd"): markdown_table(ODD, odd, say),
        sentence("card.section.alarms"): markdown_table(ALARMS, alarms, say),
    }
    return "\n\n".join(headed(name, table, say) for name, table in sections.items())


ANSWERS = ("level", "finding", "group", "cases", "held", "one")
ODD = ("kind", "inputs", "auroc", "flagged")
ALARMS = ("part", "source", "inputs", "flagged")
