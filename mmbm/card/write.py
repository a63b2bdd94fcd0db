"""Writes ``card.md``: the model's facts in the order of Model Facts, with its record's figures.

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
from mmbm.card.facts import SOURCES, UNSTATED, CardFacts, read_card
from mmbm.card.lineage import read_lineage, weights_sha256
from mmbm.card.tables import markdown_table
from mmbm.findings import not_assessed, title
from mmbm.model.config import ModelConfig
from mmbm.model.facts import calibrated_at
from mmbm.record.record import Record
from mmbm.storage.folder import put

__all__ = ["write_card"]

NOT_ASSESSED = (
    "Prospective use, and the effect on a doctor's decisions, time or errors.",
    "Human factors: how doctors learn to use it, over-trust it, or overrule it.",
    "Real notes and real lung sounds with a diagnosis, at the size needed.",
    "Lateral films, scanners and hospitals outside the sources above, ethnicity, pregnancy.",
    "The prevalence of a clinic: a probability holds at that of the calibration, and can be "
    "re-expressed at yours if cases with and without the finding look as they do here.",
)
NON_COMMERCIAL = {  # what forbids commercial use
    "chexpert": "Stanford's research use agreement",
    "icbhi": "free for research",
    "ieee8023": "mostly CC BY-NC-SA, which also asks that what is derived be shared alike",
    "mimic_cxr": "PhysioNet's credentialed licence, for research",
    "openi": "CC BY-NC-ND",
    "siim": "academic and non-commercial use",
}


def write_card(folder: Path) -> None:
    """Write ``card.md`` from the folder's card.json, config.json and evaluation.json.

    Raises
    ------
    ConfigError
        An unknown entry under ``card`` in card.json.
    """
    card = read_card(folder)
    config = ModelConfig.read(folder / "config.json")
    own = CardFacts.parse(card.facts.get("card", {}))
    facts = card.facts
    parts = [
        f"# {facts['name']} {facts['version']}",
        "**Research use, not a medical device.**",
        own.summary,
        _use(config),
        _model(config, facts, own),
        _data(facts),
        _calibration(facts),
        _licence(facts, own),
        evaluation(card),
        _failures(card.evaluation, own),
        *(f"## {title}\n{text}" for title, text in own.further.items()),
        _not_assessed(card.evaluation, own),
    ]
    put(folder, "card.md", ("\n\n".join(p for p in parts if p) + "\n").encode())


def _use(config: ModelConfig) -> str:
    takes = [branch_of(m).takes(config.of(m)) for m in config.modalities]
    missing = "; any of these may be missing" if len(takes) > 1 else ""
    heard = "; names of sounds heard" if config.events else ""
    return f"""## Intended use
Research on assisted diagnosis, and teaching: {", ".join(title(f) for f in config.findings)}.
“{title("no_finding")}” says no more than that: what is listed next may be there all the same.

- **Not assessed in any film:** {", ".join(not_assessed(config.findings).values())}, and more.

- **Users:** a doctor or a researcher who looks at the inputs too and makes the decision.
- **Not for:** triage, screening, treatment, or any use where nobody looks at the inputs.
- **Inputs:** {", ".join(takes)}{missing}. A file that cannot be read is refused in one
  sentence; a part unlike what the model knows is flagged.
- **Outputs:** a calibrated probability for each finding, with what each part added to its log-odds;
  yes, no or not sure at a level the user picks{heard}.
- **In the workflow:** beside the doctor's own reading, never before or instead of it."""


def _model(config: ModelConfig, facts: dict[str, Any], own: CardFacts) -> str:
    nets = [
        f"{m.replace('_', ' ').capitalize()}: {branch_of(m).built(config.of(m))}."
        for m in config.modalities
    ]
    made = facts.get("mmbm_version", "not stated")
    text = f"""## Model
{" ".join(nets)} Features of {config.features} numbers each, fusion
`{config.fusion}`, linear head; calibrated by Platt scaling of each modality's evidence on the val
split. Reads {", ".join(config.modalities)}.
Weights: sha256 {weights_sha256(facts)}. Made with MMBM {made}."""
    return "\n\n".join(part for part in (text, own.how_trained, _lineage(facts)) if part)


def _lineage(facts: dict[str, Any]) -> str:
    """A row for each stage that made the weights."""
    lineage = read_lineage(facts)
    rows = [
        [
            str(number),
            f"{stage.kind} {stage.name}".strip(),
            ", ".join(f"{key} {value}" for key, value in stage.settings.items()),
            stage.start_from[:8],
            "; ".join(
                f"{part}: {' + '.join(digest[:8] for digest in digests)}"
                for part, digests in stage.averaged.items()
            ),
            (stage.sha256 or ("" if number < len(lineage) else weights_sha256(facts)))[:8],
        ]
        for number, stage in enumerate(lineage, 1)
    ]
    if not rows:
        return ""
    heads = ("stage", "step", "settings other than the defaults", "from", "branches of", "gives")
    return (
        "How the weights came to be; weights are named by the first letters of their sha256:\n\n"
        + markdown_table(heads, rows)
    )


def _data(facts: dict[str, Any]) -> str:
    data: list[dict[str, Any]] = facts.get("data", [])
    if not data:
        return "## Data\nNot stated."
    counts = {"source", "split", "cases", "patients", "assembled"}
    heads = [name if name in counts else title(name) for name in data[0]]
    table = markdown_table(heads, [[str(v) for v in row.values()] for row in data])
    sources = sorted({row["source"] for row in data})
    licences = "\n".join(f"- `{s}`: {SOURCES.get(s, UNSTATED)}" for s in sources)
    text = f"""## Data
{table}

{licences}

Splits are by patient; train is what the weights saw, val fitted the calibration and chose the
operating point, test made every figure below. A source without train rows was never trained on.
Positives are counted by finding."""
    assembled = sum(row["assembled"] for row in data)
    if assembled:
        text += f"""

**{assembled} cases are assembled.** Their film, if they have one, belongs to a patient; their note
was written by a generator and their recording drawn from a manikin's, at published rates of each
sign given the case's label. Given the label, the parts are independent of each other. No figure
that uses such notes or sounds says how the model does on real ones; every table counts them."""
    return text


def _calibration(facts: dict[str, Any]) -> str:
    """At which prevalence each probability holds."""
    rows = [
        [
            title(finding),
            f"{found.prevalence:.1%}",
            "; ".join(f"{s}: {k} of {n}" for s, (n, k) in found.sources.items()),
        ]
        for finding, found in calibrated_at(facts).items()
    ]
    if not rows:
        return ""
    return (
        "## Calibration\nA probability holds where the finding is as common as it was here, by the "
        "cases of the fit, each as often as it has subsets of parts:\n\n"
        + markdown_table(("finding", "holds at a prevalence of", "positives of val cases"), rows)
    )


def _licence(facts: dict[str, Any], own: CardFacts) -> str:
    """What the licences of what it learned from mean for the weights."""
    data: list[dict[str, Any]] = facts.get("data", [])
    bound = set(NON_COMMERCIAL)
    learned = sorted({row["source"] for row in data if row["split"] != "test"} & bound)
    seen = sorted({row["source"] for row in data} & bound - set(learned))
    lines = ["## Licence of the weights"]
    if own.licence:
        lines.append(own.licence)
    if learned:
        lines.append(
            "**Non-commercial.** Trained or calibrated on data whose terms forbid commercial use: "
            f"{'; '.join(f'{name} ({NON_COMMERCIAL[name]})' for name in learned)}. Take these "
            "weights as bound by the same terms."
        )
    elif seen:
        lines.append(
            f"Nothing of {', '.join(seen)} was trained or calibrated on: its cases made figures "
            "only, so its non-commercial terms do not reach these weights."
        )
    if "lung_finder_sha256" in facts:
        lines.append(
            "The lung finder that cuts the film for this model did learn from case reports of "
            "ieee8023, mostly CC BY-NC-SA: commercial use needs another lung finder, and a model "
            "trained with it."
        )
    return "\n\n".join(lines) if len(lines) > 1 else ""


def _failures(record: Record | None, own: CardFacts) -> str:
    lines = list(own.known_failures)
    for finding, status in (record.status if record else {}).items():
        if status.level == "exploratory":
            lines.append(f"{title(finding)} is exploratory: no source shows that it can be told.")
    for source, left in (record.leave_one_source_out if record else {}).items():
        for finding, f in left.by_finding.items():
            seen = record.real_parts.get(source, {}).get(finding) if record else None
            if f.auroc is not None and seen and seen.auroc is not None and not f.few:
                lines.append(
                    f"On {source}, when trained without it, {title(finding)} goes from AUROC "
                    f"{seen.auroc:.3f} to {f.auroc:.3f}: expect as much on a new hospital."
                )
    listed = "\n".join(f"- {line}" for line in lines)
    return f"## Known failures\n{listed or 'None was written down.'}"


def _not_assessed(record: Record | None, own: CardFacts) -> str:
    lines = [*NOT_ASSESSED, *own.not_assessed]
    if record is None or not record.leave_one_source_out:
        lines.append("Leaving one source out of training.")
    if record is None or not record.subgroups:
        lines.append("Subgroups by sex, age and view.")
    return "## Not assessed\n" + "\n".join(f"- {line}" for line in lines)
