"""What the page says in words: whose case, the reader's decision, warnings and limits."""

from __future__ import annotations

from mmbm.findings import not_assessed
from mmbm.reading import Decision
from mmbm.report.form import CaseReport
from mmbm.report.pdf.flow import Block
from mmbm.text import Say, Sentence, name_of, sentence

__all__ = ["Say", "answer", "limits", "reader", "warnings", "whose"]


def answer(given: str | None) -> Sentence:
    """An answer in words: the reader's or the model's."""
    if given is None:
        return sentence("report.undecided")
    return sentence(f"report.answer.{given.replace(' ', '_')}")


def whose(report: CaseReport, identified: bool) -> Sentence:
    """Whose case it is, or that the page does not say."""
    if not identified:
        return sentence("report.deidentified")
    if report.study is None:
        return sentence("report.no_identity")
    unstated = sentence("report.unstated")
    study = report.study
    return sentence(
        "report.identity",
        patient=study.patient_id or unstated,
        accession=study.accession or unstated,
        day=study.taken.isoformat() if study.taken else unstated,
    )


def reader(report: CaseReport, say: Say) -> Block:
    """What the reader decided, drew and wrote."""
    title, reading = say(sentence("report.reader_title")), report.reading
    if reading is None:
        return Block(title, [say(sentence("report.no_reading"))])
    told: list[Sentence] = []
    if reading.reader:
        told.append(sentence("report.read_by", reader=reading.reader))
    if reading.decided_at is not None:
        moment = f"{reading.decided_at:%Y-%m-%d %H:%M}"
        told.append(sentence("report.decided_at", moment=moment))
    lines = [" ".join(say(each) for each in told)] if told else []
    lines += [_decision(made, say) for made in reading.decisions]
    if not reading.decisions:
        lines.append(say(sentence("report.no_reading")))
    if reading.comment:
        lines.append(say(sentence("report.comment", comment=reading.comment)))
    if reading.marks:
        lines.append(say(sentence("report.marks", count=len(reading.marks))))
    if reading.follow_up is not None:
        lines.append(say(sentence("report.follow_up", day=reading.follow_up.isoformat())))
    return Block(title, lines)


def _decision(made: Decision, say: Say) -> str:
    """One finding: the answer, what became of the first one, and why."""
    finding, final = name_of("finding", made.finding), answer(made.final)
    told = sentence("report.decision", finding=finding, final=final)
    if made.first is not None:
        told = sentence(
            "report.decision_first", finding=finding, final=final, first=answer(made.first)
        )
    parts = [say(told)]
    if made.act is not None:
        parts.append(say(sentence(f"report.act.{made.act}")))
    if made.reason:
        parts.append(say(sentence("report.reason", reason=made.reason)))
    return say(sentence("list.semicolon")).join(parts)


def warnings(report: CaseReport, say: Say) -> Block:
    """Everything to know before believing the numbers."""
    told = [Sentence.decoded({"code": w.code, "values": w.values}) for w in report.warnings]
    lines = [say(each) for each in told] or [say(sentence("report.no_warnings"))]
    return Block(say(sentence("report.warnings")), lines)


def limits(report: CaseReport, say: Say) -> Block:
    """What the findings do not cover, and what they rest on."""
    names = tuple(not_assessed([f.name for f in report.findings]).values())
    statuses = tuple(
        sentence(
            "report.standing_of",
            finding=name_of("finding", f.name),
            status=sentence(f"status.{f.status}"),
        )
        for f in report.findings
    )
    told = [sentence("report.not_assessed", names=names)] if names else []
    told.append(sentence("report.standing_read", statuses=statuses))
    told.append(sentence("report.probability_read"))
    for f in report.findings:
        if f.prevalence is not None and f.prevalence.wanted is not None:
            told.append(
                sentence(
                    "report.prevalence_read",
                    finding=name_of("finding", f.name),
                    calibrated=f.prevalence.calibrated,
                    wanted=f.prevalence.wanted,
                    there=f.prevalence.probability,
                )
            )
    told.append(sentence("report.site_read"))
    return Block(say(sentence("report.limits")), [say(each) for each in told])
