"""The card's section on what was measured: figures, places, trust."""

from __future__ import annotations

from mmbm.card.facts import Card
from mmbm.card.located import against_normal_table, located_sentences, located_table
from mmbm.card.tables import figures_table, markdown_table, number
from mmbm.findings import title
from mmbm.record.record import Record

__all__ = ["evaluation"]

FAULTS = {
    "no_record": "Not assessed: there is no evaluation record for these weights.",
    "other_trust": "The trust tables have changed since these figures were made: evaluate again.",
    "other_pipeline": "The program gives other numbers than when these figures were made: "
    "evaluate again.",
}


def evaluation(card: Card) -> str:
    """The whole section, with what is wrong with the record at its head."""
    said = "\n\n".join(f"**{FAULTS[fault]}**" for fault in card.faults)
    record = card.evaluation
    if record is None:
        return f"## Evaluation\n{said}"
    made = f"""Labels are confounded with source, so read each source by itself; the row of all
sources mixes them. Test cases: sha256 {record.test_sha256 or "not stated"}; pipeline
version {record.pipeline_version or "not stated"}."""
    return "\n\n".join(
        p
        for p in (
            "## Evaluation",
            said,
            made,
            _located(record),
            figures_table(record),
            _trust(record),
        )
        if p
    )


def _located(record: Record) -> str:
    """Where the evidence lies, and how the finding is told from normal cases."""
    sections = {
        "Cases with a finding against cases that a reader called normal, real parts alone": (
            record.against_normal
            or any(o.against_normal for o in record.leave_one_source_out.values()),
            against_normal_table(record),
        ),
        "The map's strongest place against what people marked (chance: a blind choice among places "
        "of lung, or among moments)": (
            record.boxes or record.moments,
            "\n\n".join(t for t in (located_sentences(record), located_table(record)) if t),
        ),
    }
    return "\n\n".join(f"{name}:\n\n{text}" for name, (has, text) in sections.items() if has)


def _trust(record: Record) -> str:
    """How often answers were right, and odd inputs found."""
    answers = [
        [level, title(finding), group, str(f["n"]), number(f["coverage"]), number(f["one"])]
        for level, by in record.conformal.get("levels", {}).items()
        for finding, groups in by.items()
        for group, f in groups.items()
    ]
    kinds = record.shift.get("kinds", {})
    odd = [
        [kind, str(f["n"]), number(f["auroc"]), number(f["flagged"])] for kind, f in kinds.items()
    ]
    alarms = [
        [modality, source, str(f["n"]), number(f["flagged"])]
        for modality, sources in record.shift.get("false_alarms", {}).items()
        for source, f in sources.items()
    ]
    return "\n\n".join(
        [
            "Answers at a chosen level: how often they hold the truth, and how often they are one "
            "word:",
            markdown_table(("level", "finding", "group", "cases", "held", "yes or no"), answers),
            "Odd inputs against the test cases:",
            markdown_table(("kind", "inputs", "AUROC", "flagged"), odd),
            "The test cases' own parts that are flagged as odd all the same:",
            markdown_table(("part", "source", "parts", "flagged"), alarms),
        ]
    )
