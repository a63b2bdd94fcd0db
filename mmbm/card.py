"""The card: a model's facts, generated from its config, its data and its evaluation record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mmbm.data.manifest import SPLITS, Manifest

__all__ = ["Card", "data_table", "figures_table", "read_card", "write_card"]

SOURCES = {
    "nih": "NIH ChestX-ray14 subset, adults. Use unrestricted; cite Wang et al., "
    "CVPR 2017. Labels were mined from reports.",
    "kermany": "Kermany et al., children of 1 to 5 years, one hospital. CC BY 4.0; "
    "cite Kermany et al., Cell 2018.",
    "ieee8023": "ieee8023 COVID-19 image data collection: case reports, with the real "
    "note of the same patient. Mostly CC BY-NC-SA; cite Cohen et al. 2020.",
    "hls_cmds": "HLS-CMDS lung sounds of a clinical manikin, no patients; it plays the same few "
    "sounds everywhere, so near-perfect figures on it say little. CC BY 4.0; cite Torabi et al.",
    "drawn": "cases with no film and no patient: generated notes, some with an hls_cmds recording.",
}

UNSTATED = "its licence is not known to this program."


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a model. ``evaluation`` is None where the weights have no record."""

    facts: dict[str, Any]
    markdown: str
    evaluation: dict[str, Any] | None
    history: pd.DataFrame | None  # the training log, one row an epoch


def read_card(folder: Path) -> Card:
    """Read a model folder's card; a record made with other weights counts as none."""
    facts = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    record, log, text = (folder / name for name in ("evaluation.json", "training.csv", "card.md"))
    evaluation = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else None
    if evaluation and evaluation["model"]["sha256"] != facts["sha256"]["model.safetensors"]:
        evaluation = None
    return Card(
        facts=facts,
        markdown=text.read_text(encoding="utf-8") if text.is_file() else "No card was written.",
        evaluation=evaluation,
        history=pd.read_csv(log) if log.is_file() else None,
    )


def data_table(manifest: Manifest, findings: tuple[str, ...]) -> list[dict[str, Any]]:
    """Cases, patients and positives for each source and split."""
    table = []
    labels = pd.DataFrame(manifest.labels(findings), columns=list(findings))
    rows = manifest.rows
    for source in sorted(rows["source"].unique()):
        for split in SPLITS:
            part = ((rows["source"] == source) & (rows["split"] == split)).to_numpy()
            if part.any():
                table.append(
                    {
                        "source": source,
                        "split": split,
                        "cases": int(part.sum()),
                        "patients": int(rows.loc[part, "patient_id"].nunique()),
                        "assembled": int((rows.loc[part, "assembled"] != "").sum()),
                        **{f: int((labels.loc[part, f] == 1).sum()) for f in findings},
                    }
                )
    return table


def number(value: float | None, places: int = 3) -> str:
    """A figure, or "not assessed"."""
    return "not assessed" if value is None else f"{value:.{places}f}"


def _figure_row(name: str, finding: str, f: dict[str, Any]) -> list[str]:
    interval = f["auroc_ci"]
    auroc = number(f["auroc"])
    if interval:
        auroc += f" ({interval[0]:.3f} to {interval[1]:.3f})"
    return [
        name,
        finding,
        f"{f['patients']}",
        f"{f['n']}",
        f"{f['positives']}",
        auroc,
        *(number(f[k]) for k in ("accuracy", "precision", "recall", "specificity", "f1", "ece")),
    ]


HEADER = [
    "group", "finding", "patients", "cases", "positives", "AUROC (95 % CI)", "accuracy",
    "precision", "recall", "specificity", "F1", "ECE",
]  # fmt: skip


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    """Rows as a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figures_table(record: dict[str, Any]) -> str:
    """An evaluation record as Markdown tables."""
    groups = {"all sources": record["overall"], **record["by_source"]}
    rows = [_figure_row(g, name, f) for g, fs in groups.items() for name, f in fs.items()]
    subsets = [
        _figure_row(f"{source}: {subset}", name, f)
        for source, by_subset in record["by_source_and_modalities"].items()
        for subset, fs in by_subset.items()
        for name, f in fs.items()
    ]
    events = [
        _figure_row("recordings", name, f) for name, f in record["sound_events"].items() if f["n"]
    ]
    return "\n\n".join(
        [
            "All that was given, per source:",
            markdown_table(HEADER, rows),
            "Each subset of modalities, the others muted:",
            markdown_table(HEADER, subsets),
            "Sound events, each recording once ('patients' are groups of manikin recordings):",
            markdown_table(HEADER, events),
        ]
    )


def write_card(folder: Path) -> None:
    """Write ``card.md`` from the folder's card.json, config.json and evaluation.json."""
    card = read_card(folder)
    facts, record = card.facts, card.evaluation
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    data = facts["data"]
    assembled = sum(row["assembled"] for row in data)
    sources = sorted({row["source"] for row in data})
    licences = "\n".join(f"- `{s}`: {SOURCES.get(s, UNSTATED)}" for s in sources)
    text = f"""# {facts["name"]} {facts["version"]}

**Research use, not a medical device.**

## Intended use
Research on assisted diagnosis and teaching: {", ".join(config["findings"])} from a frontal chest
radiograph, clinical notes and a lung sound, any of which may be missing. The user is a doctor or a
researcher who looks at the inputs too. Not for triage, screening or treatment decisions.

## Model
Image: {config["image"]["backbone"]}, {config["image"]["size"]} pixels a side. Notes: GRU,
{config["notes"]["layers"]} layers, both ways, {config["notes"]["hidden"]} units. Audio: log-mel and
a small convolutional net. Features of {config["features"]} numbers each, fused as
F = sum w_i f_i, linear head, calibrated by Platt scaling on the val split.
Weights: sha256 {facts["sha256"]["model.safetensors"]}.

## Data
{markdown_table(list(data[0]), [[str(v) for v in row.values()] for row in data])}

{licences}

Splits are by patient; train is what the weights saw, val fitted the calibration, test made every
figure below. A source without train rows was never trained on.
"""
    if assembled:
        text += f"""
**{assembled} cases are assembled.** Their film, if they have one, belongs to a patient; their note
was written by a generator and their recording drawn from a manikin's, at published rates of each
sign given the case's label. Given the label, the parts are independent of each other. No figure
that uses such notes or sounds says how the model does on real ones.
"""
    text += "\n## Evaluation\n"
    if record is None:
        text += "Not assessed: there is no evaluation record for these weights.\n"
    else:
        text += (
            "Operating point: probability 0.5. Intervals: 95 %, bootstrap over patients. "
            "Labels are confounded with source, so read each source by itself; the pooled row "
            "mixes them.\n\n" + figures_table(record) + "\n"
        )
    text += """
## Not assessed
Real notes and real lung sounds with a diagnosis at the size needed; lateral films; ages, scanners
and hospitals outside the sources above; subgroups by sex, age and view; prospective use; effect on
a doctor's decisions. Prevalence here is not that of a clinic: a probability is calibrated for these
collections.
"""
    (folder / "card.md").write_text(text, encoding="utf-8")
