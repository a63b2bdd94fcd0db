"""Whether the ledger names the one modality that carries the signal; read by ``planted.py``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from assembled import head_of
from numpy.random import Generator
from planted_evidence import share
from plants import turns
from sklearn.metrics import roc_auc_score

from mmbm.branches.audio.space import steady_noise
from mmbm.case import MODALITIES, Case, Modality, Notes, Sound
from mmbm.data.manifest import Manifest
from mmbm.data.synthesis.notes import Language, Signs, draw_signs, write_from_signs
from mmbm.data.synthesis.signs import log_likelihood_ratio
from mmbm.explain.ledger import ledger
from mmbm.io import read_picture, read_sound, typed_notes
from mmbm.predict import Finding, Prediction, Predictor

__all__ = ["fitted", "named", "neutral_parts", "repaired", "shipped"]

PLANTED = "planted"
TELLING = 1.5  # log likelihood ratio that a planted note states, by the signs in it


def named(prediction: Prediction, finding: str) -> Modality:
    """The modality with the largest contribution, for or against."""
    entry = next(e for e in ledger(prediction) if e.finding == finding)
    return max(MODALITIES, key=lambda m: abs(entry.contributions[m]))


def repaired(features: torch.Tensor, cause: int, draw: torch.Generator) -> torch.Tensor:
    """Cases put together anew, (n, 3, d): each other part is drawn from some case by itself.

    So no part but the cause knows anything of what the cause says.
    """
    moved = features.clone()
    for part in range(len(MODALITIES)):
        if part != cause:
            moved[:, part] = features[torch.randperm(len(features), generator=draw), part]
    return moved


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """The features of assembled cases, by what they are used for."""

    train: Manifest
    train_features: torch.Tensor  # (n, 3, d)
    held: Manifest
    held_features: torch.Tensor


def _labels(
    learned: Learned, cause: int, rule: str, draw: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Labels of train and held-out cases, (n,) each: 0 or 1, by the cause alone."""
    if rule == "real label":
        pair = [m.labels(["pneumonia"])[:, 0] for m in (learned.train, learned.held)]
        return torch.from_numpy(pair[0]), torch.from_numpy(pair[1])
    direction = torch.randn(learned.train_features.shape[2], generator=draw)
    told = [f[:, cause] @ direction for f in (learned.train_features, learned.held_features)]
    middle = told[0].median()
    return (told[0] > middle).float(), (told[1] > middle).float()


def fitted(
    predictor: Predictor, learned: Learned, template: Prediction, fusion: str, rule: str, seeds: int
) -> dict[str, Any]:
    """Fusion and head fitted where one modality alone decides, and the held-out cases' accounts."""
    by_part: dict[str, list[bool]] = {m: [] for m in MODALITIES}
    aurocs: dict[str, list[float]] = {m: [] for m in MODALITIES}
    for cause, modality in enumerate(MODALITIES):
        for seed in range(seeds):
            draw = torch.Generator().manual_seed(1000 * cause + seed)
            wanted, held_labels = _labels(learned, cause, rule, draw)
            features = repaired(learned.train_features, cause, draw)
            held = repaired(learned.held_features, cause, draw)
            network = head_of(
                *(predictor.config, features, wanted[:, None]),
                fusion=fusion,
                findings=(PLANTED,),
                seed=seed,
            )
            readout = network.readout()
            logits = readout.logits(held)[:, 0]
            aurocs[modality].append(float(roc_auc_score(held_labels, logits)))
            for case in range(100):  # 300 of the three modalities
                finding = Finding(PLANTED, float(logits[case]), float(logits[case].sigmoid()))
                seen = replace(
                    template,
                    findings=(finding,),
                    readout=readout,
                    trust=None,
                    features=replace(template.features, means=held[case]),
                )
                by_part[modality].append(named(seen, PLANTED) == modality)
    return {
        "named": share([hit for hits in by_part.values() for hit in hits]),
        "by_cause": {m: share(hits) for m, hits in by_part.items()},
        "held_out_auroc": {m: round(float(np.mean(a)), 3) for m, a in aurocs.items()},
    }


def _note(rng: Generator, signs: Signs, child: bool) -> str:
    language: Language = "en" if rng.random() < 0.5 else "zh"
    return write_from_signs(rng, signs, language=language, child=child, age=None, sex=None)


def neutral_note(rng: Generator) -> Notes:
    """A note of the generator's that tells of no sign at all: its likelihood ratio is one."""
    text = ""
    while not text.strip():
        child = bool(rng.random() < 0.5)
        text = _note(rng, dict.fromkeys(draw_signs(rng, False, child)), child)
    return typed_notes(text)


def telling_note(rng: Generator) -> Notes:
    """A note of the generator's whose signs make pneumonia at least exp(TELLING) times likelier."""
    while True:
        child = bool(rng.random() < 0.5)
        signs = draw_signs(rng, True, child)
        if log_likelihood_ratio(signs, "child" if child else "adult") >= TELLING:
            return typed_notes(_note(rng, signs, child))


def neutral_parts(manifest: Manifest, rng: Generator) -> tuple[Notes, Sound]:
    """A note and a recording with nothing to be learned from them.

    The recording is noise of the spectrum of a normal one, with random phases: no event is in it.
    """
    rows = manifest.rows
    normal = rows.index[
        (rows["split"] == "test") & (rows["image"] == "") & (rows["sound:normal"] == "1")
    ]
    path = manifest.path(int(rng.choice(normal)), "audio")
    assert path is not None
    waveform = torch.from_numpy(read_sound(path.read_bytes(), path.name).waveform)
    noise = steady_noise(waveform[None], int(rng.integers(2**31)))[0].numpy()
    return neutral_note(rng), Sound(noise)


def _cases(manifest: Manifest, cause: Modality, count: int, rng: Generator) -> Iterator[Case]:
    """Test parts that speak for pneumonia, among others that say nothing."""
    rows = manifest.rows
    test = rows["split"] == "test"
    films = test & (rows["pneumonia"] == "1") & (rows["assembled"] != "")
    clips = test & (rows["image"] == "") & (rows["sound:crackles"] == "1")
    pool = rng.permutation(rows.index[films if cause == "image" else clips])
    for pick in turns(count, len(pool)):
        note, sound = neutral_parts(manifest, rng)
        path = manifest.path(int(pool[pick]), "image" if cause == "image" else "audio")
        assert path is not None
        if cause == "image":
            yield Case(read_picture(path.read_bytes(), path.name), note, sound)
        elif cause == "notes":
            yield Case(notes=telling_note(rng), audio=sound)
        else:
            yield Case(notes=note, audio=read_sound(path.read_bytes(), path.name))


def shipped(predictor: Predictor, manifest: Manifest, finding: str, count: int) -> dict[str, Any]:
    """The model as it is: one part tells, the others were made to say nothing."""
    rng = np.random.default_rng(0)
    found: dict[str, Any] = {}
    every: list[bool] = []
    for modality in MODALITIES:
        hits, spoken = [], []
        for case in _cases(manifest, modality, count // 3, rng):
            prediction = predictor.predict(case)
            entry = next(e for e in ledger(prediction) if e.finding == finding)
            hits.append(named(prediction, finding) == modality)
            spoken.append([entry.contributions[m] for m in MODALITIES])
        own = np.abs(np.array(spoken)[:, MODALITIES.index(modality)])
        found[modality] = share(hits) | {
            "of_those_beyond_0.25": share([h for h, o in zip(hits, own, strict=True) if o > 0.25]),
            "median_contributions": np.median(spoken, 0).round(2).tolist(),
        }
        every += hits
    return {"named": share(every), "by_cause": found}
