"""What a run takes of a manifest: a split, without sources, with what a model reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from mmbm.branches.registry import branch_of
from mmbm.data.corpus import Corpus, Progress
from mmbm.data.manifest import Manifest
from mmbm.data.reading import read_corpus, read_texts
from mmbm.errors import ManifestError
from mmbm.model.config import ModelConfig
from mmbm.text import sentence

__all__ = [
    "corpus_of",
    "held_out",
    "left_out_by",
    "mean_film_of",
    "need_findings",
    "split_of",
    "taught_in",
    "trained_on",
]


def left_out_by(*cards: dict[str, Any]) -> tuple[str, ...]:
    """The sources that a model of these cards' weights was trained without.

    One or more leave them out, and none has learned from them.
    """
    named = dict.fromkeys(source for facts in cards for source in facts.get("leave_out", ()))
    return tuple(source for source in named if source not in trained_on(*cards))


def trained_on(*cards: dict[str, Any]) -> set[str]:
    """The sources that the weights of these cards have learned from, as far as the cards say."""
    return {
        source
        for facts in cards
        for source in (
            *facts.get("trained_on", ()),
            *(row["source"] for row in facts.get("data", ()) if row["split"] == "train"),
        )
    }


def taught_in(manifest: Manifest) -> set[str]:
    """The sources with rows in a manifest's train split."""
    return set(manifest.rows["source"][manifest.rows["split"] == "train"])


def held_out(manifest: Manifest, sources: Sequence[str]) -> Manifest:
    """The manifest with all cases of these sources, and of their patients, in its test split."""
    rows = manifest.rows
    patients = rows["patient_id"][rows["source"].isin(sources)]
    kept = rows["split"].where(~rows["patient_id"].isin(patients), "test")
    return replace(manifest, rows=rows.assign(split=kept))


def split_of(manifest: Manifest, name: str, path: Path) -> Manifest:
    """The rows of one split, of which there must be some."""
    part = manifest.take((manifest.rows["split"] == name).to_numpy())
    if not len(part.rows):
        raise ManifestError(sentence("manifest.no_split", file=path.name, split=name))
    return part


def corpus_of(
    part: Manifest,
    config: ModelConfig,
    tools: Mapping[str, Any],
    cache: Path | None,
    reading: Progress,
    mean_film: Tensor | None = None,
    *,
    lungs: bool = False,
) -> Corpus:
    """A split's cases with only the parts that the model reads, its films by its ``mean_film``."""
    columns = {"image": ["image"], "notes": ["notes", "notes_text"], "audio": ["audio"]}
    unread = [c for m, names in columns.items() if m not in config.modalities for c in names]
    read = [c for names in columns.values() for c in names if c not in unread]
    further = [m for m in config.modalities if m not in columns]
    read += [c for m in further for c in branch_of(m).columns if c in part.rows]
    part = replace(part, rows=part.rows.assign(**dict.fromkeys(unread, "")))
    part = part.take((part.rows[read] != "").any(axis=1).to_numpy())
    return read_corpus(
        part,
        read_texts(part),
        config,
        tools,
        cache=cache,
        progress=reading,
        mean_film=mean_film,
        lungs=lungs,
    )


def mean_film_of(network: nn.Module) -> Tensor | None:
    """The mean of the films that a network's image branch was trained on; None without a branch."""
    held = dict(network.named_buffers()).get("encoders.image.mean_film")
    return None if held is None else held.cpu()


def need_findings(manifest: Manifest, findings: tuple[str, ...], path: Path) -> None:
    """Raise ManifestError, where the manifest lacks a column of ``findings``."""
    missing = [f for f in findings if f not in manifest.findings]
    if missing:
        has = ", ".join(manifest.findings) or sentence("manifest.none")
        raise ManifestError(
            sentence("manifest.no_finding", file=path.name, finding=missing[0], findings=has)
        )
