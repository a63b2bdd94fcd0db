"""Scores of a corpus: features from the encoders, read off for every subset of modalities.

The encoders run once; calibration, operating points and a run's progress come from the cached
features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor

from mmbm.data.corpus import Corpus, Progress, silent
from mmbm.device import first_that_fits, on_cpu
from mmbm.evaluate.calibration import fit_platt, fit_scales
from mmbm.model.facts import Calibrated
from mmbm.model.network import MultimodalBigModel
from mmbm.model.readout import CoalitionReadout, Readout, coalitions
from mmbm.predict.batches import Pace, encode_batch
from mmbm.record.figures import FEWEST
from mmbm.trust.prevalence import counted

__all__ = [
    "Scores",
    "calibrate",
    "coalition_logits",
    "drawn_parts",
    "extract",
    "operating_points",
    "source_aurocs",
]

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scores:
    """Every case's features and labels; all figures are computed from these."""

    features: Tensor  # (cases, modalities, d) float32
    present: Tensor  # (cases, modalities) bool
    sounds: Values  # (cases, events) probabilities, NaN where there is no recording

    def offered(self, coalition: Tensor) -> NDArray[np.bool_]:
        """(cases,): which have every modality of ``coalition``, (modalities,) bool."""
        offered: NDArray[np.bool_] = self.present[:, coalition].all(1).numpy()
        return offered


@torch.inference_mode()
def extract(
    network: MultimodalBigModel,
    corpus: Corpus,
    device: torch.device,
    progress: Progress = silent,
) -> Scores:
    """Run the encoders over a corpus, each distinct recording at its own length.

    Raises
    ------
    OutOfMemory
        One case is too much, on the CPU too.
    """
    network.eval()
    config = network.config
    features = torch.zeros(len(corpus), len(config.modalities), config.features)
    work: list[tuple[str, list[int], list[int]]] = []  # modality, cases to read, cases they are
    for modality in config.modalities:
        index = corpus.part_of(modality)
        if modality == "audio":  # of its own length each; cases that share one hear the same
            for case in corpus.distinct(modality).tolist():
                work.append((modality, [case], np.flatnonzero(index == index[case]).tolist()))
            continue
        cases, size = np.flatnonzero(index >= 0).tolist(), 16 if modality == "image" else 64
        parts = (cases[k : k + size] for k in range(0, len(cases), size))
        work += [(modality, part, part) for part in parts]
    for done, (modality, read, cases) in enumerate(work, 1):
        features[cases, network.place(modality)] = _read(network, corpus, read, modality, device)
        progress("encoders", done, len(work))
    sounds = _events(network, features, corpus.present, device)
    return Scores(features, corpus.present, sounds)


def _events(
    network: MultimodalBigModel, features: Tensor, present: Tensor, device: torch.device
) -> Values:
    """Probabilities of the sound events, (cases, events), NaN where there is no recording."""
    if "audio" not in network.config.events:
        return np.full((len(features), 0), np.nan)
    place, head = network.place("audio"), network.event_heads["audio"]
    heard = features[:, place]
    named: Tensor = first_that_fits(
        (lambda: head(heard.to(device)).cpu(), lambda: on_cpu(head)(heard))
    )
    sounds = named.sigmoid().double()
    sounds[~present[:, place]] = torch.nan
    return sounds.numpy()


def _read(
    network: MultimodalBigModel,
    corpus: Corpus,
    cases: list[int],
    modality: str,
    device: torch.device,
) -> Tensor:
    """The features of one batch of cases that have this modality, (cases, d) on the CPU."""

    def batch(first: int, last: int) -> tuple[Tensor, ...]:
        return corpus.inputs(cases[first:last], only=modality).parts[modality]

    pace = Pace(len(cases))
    seen = encode_batch(network, device, modality, batch, len(cases), pace=pace)
    return torch.cat([positions.mean for positions in seen])


def coalition_logits(scores: Scores, readout: Readout | CoalitionReadout) -> list[Tensor]:
    """Logits with only the modalities of each coalition heard: of each, (cases, findings)."""
    features = scores.features.double()
    return [
        readout.logits(features * coalition[:, None]) for coalition in coalitions(features.shape[1])
    ]


def calibrate(network: MultimodalBigModel, corpus: Corpus, scores: Scores) -> dict[str, Calibrated]:
    """Fit the calibration on held-out cases, over all subsets of modalities, cases alike.

    Returns how common each finding was among them; one with too few cases was not fitted.
    """
    network.uncalibrate()
    readout = network.readout()
    base, whole = readout.base(), readout.contributions(scores.features).numpy()
    heard, subsets = coalition_logits(scores, readout), coalitions(scores.present.shape[1])
    sources = corpus.manifest.rows["source"].to_numpy(str)
    calibrated = {}
    for c, finding in enumerate(network.config.findings):
        truth = corpus.labels[:, c].double().numpy()
        known = [scores.offered(coalition) & ~np.isnan(truth) for coalition in subsets]
        labels = np.concatenate([truth[k] for k in known])
        weights = np.ones(len(labels))
        if isinstance(readout, Readout):
            parts = [whole[k, c] * s.numpy() for k, s in zip(known, subsets, strict=True)]
            scale, shift = fit_scales(np.concatenate(parts), float(base[c]), labels, weights)
            network.calibration_scale[c] = torch.from_numpy(scale)
        else:
            logits = np.concatenate([z[k, c].numpy() for k, z in zip(known, heard, strict=True)])
            slope, shift = fit_platt(logits, labels, weights)
            shift += (slope - 1) * float(network.head.bias[c])
            network.calibration_scale[c] = slope
        network.calibration_shift[c] = shift
        if min((labels == 1).sum(), (labels == 0).sum()) >= FEWEST:
            rows = np.concatenate([np.flatnonzero(k) for k in known])
            calibrated[finding] = counted(labels, weights, rows, sources)
    return calibrated


def source_aurocs(network: MultimodalBigModel, corpus: Corpus, scores: Scores) -> dict[str, float]:
    """AUROC of each finding and of each sound event in each source: a run's progress.

    A finding by the first modality alone and by all together. ``macro_auroc`` is the mean of the
    latter, or of the events where no finding is labelled; sources count alike. NaN: there is none.
    """
    heard = coalition_logits(scores, network.readout())
    sources = corpus.manifest.rows["source"].to_numpy()
    figures: dict[str, float] = {}
    fused: dict[str, list[float]] = {}
    first, places = network.config.modalities[0], torch.arange(scores.present.shape[1])
    alone = (coalitions(len(places)) == (places == 0)).all(1).int().argmax()
    for name, score in ((first, heard[int(alone)]), ("fused", heard[-1])):
        given = scores.present[:, 0] if name == first else scores.present.any(1)
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
    events: dict[str, list[float]] = {}
    for e, event in enumerate(network.config.events.get("audio", ())):
        labels = corpus.sound_labels[:, e].double().numpy()
        for source in np.unique(sources):
            keep = (sources == source) & ~np.isnan(labels) & ~np.isnan(scores.sounds[:, e])
            if len(np.unique(labels[keep])) == 2:
                auroc = float(roc_auc_score(labels[keep], scores.sounds[keep, e]))
                figures[f"{event}/audio/{source}"] = round(auroc, 4)
                events.setdefault(source, []).append(auroc)
    means = [float(np.mean(aurocs)) for aurocs in (fused or events).values()]
    return {"macro_auroc": float(np.mean(means)) if means else float("nan")} | figures


def operating_points(
    network: MultimodalBigModel, corpus: Corpus, scores: Scores
) -> dict[str, float]:
    """The probability from which each finding is called positive, chosen on held-out cases.

    There the lower of sensitivity and specificity is highest, as a mean over sources, of what a
    case offers but for drawn parts; of cases with a film, if there are any. A source needs ten
    cases of either label; where none has them the point is 0.5.
    """
    rows = corpus.manifest.rows
    drawn = drawn_parts(rows["assembled"].to_numpy(str), corpus.modalities)
    own = scores.present & ~torch.from_numpy(drawn)
    probabilities = network.readout().logits(scores.features * own[..., None]).sigmoid().numpy()
    sources = rows["source"].to_numpy(str)
    used = (own[:, 0] if own[:, 0].any() else own.any(1)).numpy()
    points = {}
    for c, finding in enumerate(network.config.findings):
        labels = corpus.labels[:, c].double().numpy()
        kept = np.flatnonzero(used & np.isin(labels, (0, 1)))
        order = kept[np.argsort(-probabilities[kept, c], kind="stable")]
        lower = []
        for source in np.unique(sources[order]):
            mine = sources[order] == source
            positive, negative = mine & (labels[order] == 1), mine & (labels[order] == 0)
            if min(positive.sum(), negative.sum()) >= FEWEST:
                sensitivity = np.cumsum(positive) / positive.sum()
                lower.append(np.minimum(sensitivity, 1 - np.cumsum(negative) / negative.sum()))
        if not lower:
            points[finding] = 0.5
            continue
        falling = probabilities[order, c]
        last = np.r_[falling[1:] < falling[:-1], True]  # of equal scores
        at = int(np.argmax(np.where(last, np.mean(lower, 0), -np.inf)))
        below = falling[at + 1] if at + 1 < len(falling) else 0.0
        points[finding] = float(falling[at] + below) / 2
    return points


def drawn_parts(assembled: NDArray[np.str_], modalities: Sequence[str]) -> NDArray[np.bool_]:
    """(n, modalities): which parts the column ``assembled`` names as generated or drawn."""
    parts = [set(text.split("+")) for text in assembled]
    named = np.array([[m in p for m in modalities] for p in parts]).reshape(-1, len(modalities))
    unnamed = (assembled != "") & ~named.any(1)  # said without a name: all but the film
    named[np.ix_(unnamed, [m != "image" for m in modalities])] = True
    return named
