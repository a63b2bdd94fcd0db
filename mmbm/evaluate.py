"""Evaluation: scores on held-out patients, per source and per subset of modalities.

The encoders run once; every subset of modalities is then read off the cached features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve
from torch import Tensor

from mmbm.case import MODALITIES, Modality
from mmbm.data.corpus import Corpus, Progress, silent
from mmbm.model.network import MultimodalBigModel
from mmbm.model.readout import COALITIONS, CoalitionReadout, Readout
from mmbm.predict import to_device
from mmbm.train import even_weights
from mmbm.trust.calibration import (
    calibration_floor,
    debiased_calibration_error,
    expected_calibration_error,
    fit_platt,
    fit_scales,
    reliability,
)

__all__ = ["Scores", "calibrate", "evaluate", "extract", "source_aurocs"]

Values = NDArray[np.float64]
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Scores:
    """Every case's features and labels; all figures are computed from these."""

    features: Tensor  # (cases, 3, d) float32
    present: Tensor  # (cases, 3) bool
    sounds: Values  # (cases, events) probabilities, NaN where there is no recording

    def offered(self, coalition: Tensor) -> NDArray[np.bool_]:
        """(cases,): which have every modality of ``coalition``, (3,) bool."""
        offered: NDArray[np.bool_] = self.present[:, coalition].all(1).numpy()
        return offered


@torch.inference_mode()
def extract(
    network: MultimodalBigModel,
    corpus: Corpus,
    device: torch.device,
    progress: Progress = silent,
) -> Scores:
    """Run the encoders over a corpus, each distinct recording at its own length."""
    network.eval()
    n, d = len(corpus), network.config.features
    features = torch.zeros(n, len(MODALITIES), d)
    films = np.flatnonzero(corpus.film_of >= 0).tolist()
    notes = [i for i, tokens in enumerate(corpus.tokens) if tokens is not None]
    work: list[tuple[Modality, list[int]]] = [
        *(("image", films[k : k + 16]) for k in range(0, len(films), 16)),
        *(("notes", notes[k : k + 64]) for k in range(0, len(notes), 64)),
        *(
            ("audio", np.flatnonzero(corpus.sound_of == sound).tolist())
            for sound in range(len(corpus.sounds))
        ),
    ]
    for done, (modality, cases) in enumerate(work, 1):
        # cases that share a recording hear the same
        read = cases[:1] if modality == "audio" else cases
        seen = network.encode(modality, to_device(corpus.inputs(read, only=modality), device))
        assert seen is not None
        features[cases, MODALITIES.index(modality)] = seen.mean.cpu()
        progress("running the encoders", done, len(work))
    sounds = network.sound_head(features[:, 2].to(device)).sigmoid().cpu().double()
    sounds[~corpus.present[:, 2]] = torch.nan
    return Scores(features, corpus.present, sounds.numpy())


def coalition_logits(scores: Scores, readout: Readout | CoalitionReadout) -> list[Tensor]:
    """Logits with only the modalities of each of ``COALITIONS`` heard: 7 of (cases, findings)."""
    features = scores.features.double()
    return [readout.logits(features * coalition[:, None]) for coalition in COALITIONS]


def calibrate(network: MultimodalBigModel, corpus: Corpus, scores: Scores) -> None:
    """Fit the calibration on held-out cases, over all subsets of modalities, sources alike."""
    network.uncalibrate()
    readout = network.readout()
    base, whole = readout.base(), readout.contributions(scores.features).numpy()
    heard = coalition_logits(scores, readout)
    alike = even_weights(corpus.manifest.rows["source"])
    for c in range(len(network.config.findings)):
        truth = corpus.labels[:, c].double().numpy()
        known = [scores.offered(coalition) & ~np.isnan(truth) for coalition in COALITIONS]
        labels = np.concatenate([truth[k] for k in known])
        weights = np.concatenate([alike[k] for k in known])
        if isinstance(readout, Readout):
            parts = [whole[k, c] * s.numpy() for k, s in zip(known, COALITIONS, strict=True)]
            scale, shift = fit_scales(np.concatenate(parts), float(base[c]), labels, weights)
            network.calibration_scale[c] = torch.from_numpy(scale)
        else:
            logits = np.concatenate([z[k, c].numpy() for k, z in zip(known, heard, strict=True)])
            slope, shift = fit_platt(logits, labels, weights)
            shift += (slope - 1) * float(network.head.bias[c])
            network.calibration_scale[c] = slope
        network.calibration_shift[c] = shift


def source_aurocs(network: MultimodalBigModel, corpus: Corpus, scores: Scores) -> dict[str, float]:
    """AUROC of each finding in each source, image alone and all together: a run's progress.

    ``macro_auroc`` is the mean of the fused ones, sources alike; NaN where there is none.
    """
    heard = coalition_logits(scores, network.readout())
    sources = corpus.manifest.rows["source"].to_numpy()
    figures: dict[str, float] = {}
    fused: dict[str, list[float]] = {}
    image = torch.tensor([m == "image" for m in MODALITIES])
    alone = next(i for i, c in enumerate(COALITIONS) if torch.equal(c, image))
    for name, score in (("image", heard[alone]), ("fused", heard[-1])):
        given = scores.present[:, 0] if name == "image" else scores.present.any(1)
        logits = score.numpy()
        for c, finding in enumerate(network.config.findings):
            labels = corpus.labels[:, c].double().numpy()
            for source in np.unique(sources):
                keep = (sources == source) & ~np.isnan(labels) & given.numpy()
                if len(np.unique(labels[keep])) == 2:
                    auroc = float(roc_auc_score(labels[keep], logits[keep, c]))
                    figures[f"{finding}/{name}/{source}"] = round(auroc, 4)
                    if name == "fused":
                        fused.setdefault(source, []).append(auroc)
    means = [float(np.mean(aurocs)) for aurocs in fused.values()]
    return {"macro_auroc": float(np.mean(means)) if means else float("nan")} | figures


def figures(
    probabilities: Values, labels: Values, patients: NDArray[np.str_], seed: int = 0
) -> dict[str, Any]:
    """The figures of one finding on one group of cases; None where they cannot be had.

    The operating point is a probability of 0.5. The interval of the AUROC is a bootstrap over
    patients (Efron 1979), 95 %.
    """
    positive, called = labels == 1, probabilities >= 0.5
    tp, fp = int((positive & called).sum()), int((~positive & called).sum())
    fn, tn = int((positive & ~called).sum()), int((~positive & ~called).sum())
    both = len(np.unique(labels)) == 2
    return {
        "n": len(labels),
        "patients": len(np.unique(patients)),
        "positives": int(positive.sum()),
        "auroc": float(roc_auc_score(labels, probabilities)) if both else None,
        "auroc_ci": _auroc_interval(probabilities, labels, patients, seed) if both else None,
        "accuracy": _ratio(tp + tn, len(labels)),
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "specificity": _ratio(tn, tn + fp),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "ece": expected_calibration_error(probabilities, labels) if len(labels) else None,
        "ece_floor": calibration_floor(probabilities) if len(labels) else None,
        "ece_debiased": debiased_calibration_error(probabilities, labels) if len(labels) else None,
    }


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _auroc_interval(
    probabilities: Values, labels: Values, patients: NDArray[np.str_], seed: int
) -> list[float]:
    """2.5 and 97.5 percentiles over resampled patients."""
    rng = np.random.default_rng(seed)
    _, index = np.unique(patients, return_inverse=True)
    count = int(index.max()) + 1
    times = rng.multinomial(count, np.full(count, 1 / count), RESAMPLES)[:, index]
    aurocs = weighted_aurocs(probabilities, labels, times.astype(np.float64))
    return [float(q) for q in np.nanpercentile(aurocs, [2.5, 97.5])]


def weighted_aurocs(probabilities: Values, labels: Values, weights: Values) -> Values:
    """AUROC under each row of case weights, (draws, n) -> (draws,); NaN without both labels.

    The chance that a positive case scores above a negative one, ties counting half.
    """
    order = np.argsort(probabilities, kind="stable")
    _, starts = np.unique(probabilities[order], return_index=True)
    positive = weights[:, order] * (labels[order] == 1)
    negative = weights[:, order] * (labels[order] == 0)
    positive = np.add.reduceat(positive, starts, axis=1)  # (draws, distinct scores)
    negative = np.add.reduceat(negative, starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(1) * negative.sum(1)
    wins = (positive * below).sum(1)
    aurocs: Values = np.divide(wins, pairs, out=np.full(len(wins), np.nan), where=pairs > 0)
    return aurocs


def evaluate(network: MultimodalBigModel, corpus: Corpus, scores: Scores) -> dict[str, Any]:
    """The whole record, as ``mmbm evaluate --json`` writes it."""
    rows = corpus.manifest.rows
    sources, patients = rows["source"].to_numpy(str), rows["patient_id"].to_numpy(str)
    heard = coalition_logits(scores, network.readout())  # the last coalition is all three
    record: dict[str, Any] = {
        "overall": {},
        "by_source": {},
        "by_modalities": {},
        "by_source_and_modalities": {},
        "sound_events": {},
        "reliability": {},
        "roc": {},
    }
    for c, finding in enumerate(network.config.findings):
        labels = corpus.labels[:, c].double().numpy()
        known = ~np.isnan(labels)
        fused = heard[-1][:, c].sigmoid().numpy()
        record["overall"][finding] = figures(fused[known], labels[known], patients[known])
        if known.any():
            record["reliability"][finding] = reliability(fused[known], labels[known])
        for source in np.unique(sources[known]):
            part = known & (sources == source)
            record["by_source"].setdefault(source, {})[finding] = figures(
                fused[part], labels[part], patients[part]
            )
            if len(np.unique(labels[part])) == 2:
                false, true, _ = roc_curve(labels[part], fused[part])
                record["roc"].setdefault(finding, {})[source] = {
                    "fpr": false.round(4).tolist(),
                    "tpr": true.round(4).tolist(),
                }
        for coalition, score in zip(COALITIONS, heard, strict=True):
            name = "+".join(m for m, used in zip(MODALITIES, coalition, strict=True) if used)
            part = known & scores.offered(coalition)
            alone = score[:, c].sigmoid().numpy()
            record["by_modalities"].setdefault(name, {})[finding] = figures(
                alone[part], labels[part], patients[part]
            )
            for source in np.unique(sources[part]):
                mine = part & (sources == source)
                record["by_source_and_modalities"].setdefault(source, {}).setdefault(name, {})[
                    finding
                ] = figures(alone[mine], labels[mine], patients[mine])
    for e, event in enumerate(network.config.sound_events):
        labels = corpus.sound_labels[:, e].double().numpy()
        _, first = np.unique(corpus.sound_of, return_index=True)  # each recording once
        known = np.zeros(len(labels), dtype=bool)
        known[first] = True
        known &= ~np.isnan(labels) & (corpus.sound_of >= 0)
        record["sound_events"][event] = figures(
            scores.sounds[known, e], labels[known], patients[known]
        )
    return record
