"""Writes the card: the model's facts in the order of Model Facts, with its record's figures.

In each language a file: ``card.md`` and ``card.zh.md``.

Sources: Sendak et al., Presenting machine learning model information to clinical end users with
model facts labels, npj Digital Medicine 2020; CONSORT-AI (Liu et al., Nature Medicine 2020); the
early-stage guideline DECIDE-AI (Vasey et al., Nature Medicine 2022). What they ask for and nobody
looked at stands under "Not assessed".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmbm.branches.registry import branch_of
from mmbm.card.evaluated import evaluation
from mmbm.card.facts import FILES, Card, CardFacts, read_card
from mmbm.card.lineage import read_lineage, weights_sha256
from mmbm.card.open import open_questions, own_facts
from mmbm.card.tables import group_named, markdown_table
from mmbm.findings import not_assessed, title
from mmbm.model.config import ModelConfig
from mmbm.model.facts import calibrated_at
from mmbm.record import Record
from mmbm.storage import put
from mmbm.text import Say, Sentence, known, name_of, sentence, speaker

__all__ = ["write_card"]

NON_COMMERCIAL = {"chexpert", "icbhi", "ieee8023", "mimic_cxr", "openi", "siim"}  # forbid it


def write_card(folder: Path) -> None:
    """Write the card in every language, from the folder's facts, config and record.

    Raises
    ------
    ConfigError
        An unknown entry under ``card`` or ``card_zh`` in card.json.
    """
    card = read_card(folder)
    config = ModelConfig.read(folder / "config.json")
    for language, name in FILES.items():
        own = own_facts(card.facts, language)
        put(folder, name, _text(card, config, own, speaker(language)).encode())


def _text(card: Card, config: ModelConfig, own: CardFacts, say: Say) -> str:
    facts = card.facts
    parts = [
        f"# {facts['name']} {facts['version']}",
        f"**{say(sentence('card.research'))}**",
        own.summary,
        _use(config, say),
        _model(config, facts, own, say),
        _data(facts, say),
        _calibration(facts, say),
        _licence(facts, own, say),
        evaluation(card, say),
        _failures(card.evaluation, own, say),
        *(f"## {heading}\n{text}" for heading, text in own.further.items()),
        _not_assessed(card.evaluation, own, say),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(name: str, text: str, say: Say) -> str:
    return f"## {say(sentence(f'card.title.{name}'))}\n{text}"


def _use(config: ModelConfig, say: Say) -> str:
    findings = tuple(title(finding) for finding in config.findings)
    use = sentence("card.use", findings=findings, clear=title("no_finding"))
    others = tuple(not_assessed(config.findings).values()) or sentence("card.not_stated")
    takes = tuple(branch_of(m).takes(config.of(m)) for m in config.modalities)
    lines = [
        sentence("card.use_not_assessed", names=others),
        sentence("card.use.users"),
        sentence("card.use.not_for"),
        sentence("card.use_inputs", inputs=takes),
        sentence("card.use.outputs"),
        sentence("card.use.workflow"),
    ]
    listed = "\n".join(f"- {say(line)}" for line in lines)
    return _section("use", f"{say(use)}\n\n{listed}", say)


def _model(config: ModelConfig, facts: dict[str, Any], own: CardFacts, say: Say) -> str:
    nets = [
        sentence("card.net", part=name_of("modality", m), net=branch_of(m).built(config.of(m)))
        for m in config.modalities
    ]
    made = sentence("card.model", features=config.features, fusion=config.fusion)
    weights = sentence(
        "card.weights",
        sha256=weights_sha256(facts),
        version=facts.get("mmbm_version") or sentence("card.not_stated"),
    )
    text = "\n".join(map(say, (*nets, made, weights)))
    parts = (_section("model", text, say), own.how_trained, _lineage(facts, own, say))
    return "\n\n".join(part for part in parts if part)


def _lineage(facts: dict[str, Any], own: CardFacts, say: Say) -> str:
    """A row for each stage that made the weights; settings as they are called in a config."""
    lineage = read_lineage(facts)
    between = say(sentence("list.semicolon"))
    rows = [
        [
            str(number),
            f"{say(name_of('stage', stage.kind))} {own.stages.get(stage.name, stage.name)}".strip(),
            between.join(f"`{key} = {value}`" for key, value in stage.settings.items()),
            stage.start_from[:8],
            between.join(
                f"{say(name_of('modality', part))} {' + '.join(digest[:8] for digest in digests)}"
                for part, digests in stage.averaged.items()
            ),
            (stage.sha256 or ("" if number < len(lineage) else weights_sha256(facts)))[:8],
        ]
        for number, stage in enumerate(lineage, 1)
    ]
    if not rows:
        return ""
    heads = ("stage", "step", "settings", "start", "branches", "gives")
    return f"{say(sentence('card.lineage'))}\n\n{markdown_table(heads, rows, say)}"


def _data(facts: dict[str, Any], say: Say) -> str:
    data: list[dict[str, Any]] = facts.get("data", [])
    if not data:
        return _section("data", say(sentence("card.data_unstated")), say)
    rows = [row | {"split": name_of("split", row["split"])} for row in data]
    cells = [[group_named(v) if isinstance(v, str) else str(v) for v in r.values()] for r in rows]
    table = markdown_table(tuple(data[0]), cells, say)
    lines = [
        sentence("card.data_source", source=group_named(source), about=_about(source))
        for source in sorted({row["source"] for row in data})
    ]
    parts = [table, "\n".join(f"- {say(line)}" for line in lines), say(sentence("card.splits"))]
    if assembled := sum(row["assembled"] for row in data):
        parts.append(say(sentence("card.assembled", cases=assembled)))
    return _section("data", "\n\n".join(parts), say)


def _about(source: str) -> Sentence:
    """What a source is, and its terms."""
    if known(f"card.source.{source}"):
        return sentence(f"card.source.{source}")
    return sentence("card.source_unstated")


def _calibration(facts: dict[str, Any], say: Say) -> str:
    """At which prevalence each probability holds."""
    rows = [
        [
            title(finding),
            f"{found.prevalence:.1%}",
            say(sentence("list.semicolon")).join(
                say(sentence("card.calibrated_source", source=group_named(s), positives=k, cases=n))
                for s, (n, k) in found.sources.items()
            ),
        ]
        for finding, found in calibrated_at(facts).items()
    ]
    if not rows:
        return ""
    table = markdown_table(("finding", "prevalence", "val_positives"), rows, say)
    return _section("calibration", f"{say(sentence('card.calibration'))}\n\n{table}", say)


def _licence(facts: dict[str, Any], own: CardFacts, say: Say) -> str:
    """What the licences of what it learned from mean for the weights."""
    data: list[dict[str, Any]] = facts.get("data", [])
    learned = sorted({row["source"] for row in data if row["split"] != "test"} & NON_COMMERCIAL)
    seen = sorted({row["source"] for row in data} & NON_COMMERCIAL - set(learned))
    lines = [own.licence] if own.licence else []
    if learned:
        terms = tuple(
            sentence("card.licence_source", source=s, terms=sentence(f"card.licence_of.{s}"))
            for s in learned
        )
        lines.append(sentence("card.non_commercial", sources=terms))
    elif seen:
        lines.append(sentence("card.tested_only", sources=tuple(seen)))
    if "lung_finder_sha256" in facts:
        lines.append(sentence("card.lung_finder"))
    return _section("licence", "\n\n".join(map(say, lines)), say) if lines else ""


def _failures(record: Record | None, own: CardFacts, say: Say) -> str:
    lines: list[str] = list(own.known_failures)
    for finding, status in (record.status if record else {}).items():
        if status.level == "exploratory":
            lines.append(sentence("card.exploratory", finding=title(finding)))
    for source, left in (record.leave_one_source_out if record else {}).items():
        for finding, f in left.by_finding.items():
            seen = record.real_parts.get(source, {}).get(finding) if record else None
            if f.auroc is not None and seen and seen.auroc is not None and not f.few:
                lines.append(
                    sentence(
                        "card.drop",
                        source=source,
                        finding=title(finding),
                        seen=seen.auroc,
                        left=f.auroc,
                    )
                )
    lines = lines or [sentence("card.no_failures")]
    return _section("failures", "\n".join(f"- {say(line)}" for line in lines), say)


def _not_assessed(record: Record | None, own: CardFacts, say: Say) -> str:
    lines = (*open_questions(record), *own.not_assessed)
    return _section("not_assessed", "\n".join(f"- {say(line)}" for line in lines), say)
