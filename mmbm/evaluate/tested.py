"""The test cases of each finding as arrays: labels, whose, and scores under every condition.

A part that was generated or drawn for a case is known from the manifest's column ``assembled``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mmbm.data.corpus import Corpus
from mmbm.evaluate.metrics import compare, figures
from mmbm.evaluate.scores import Scores, coalition_logits, drawn_parts
from mmbm.model.network import MultimodalBigModel
from mmbm.model.readout import coalitions
from mmbm.record.figures import Comparison, Figures

__all__ = ["Tested", "subsets", "tested"]

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


def subsets(modalities: Sequence[str]) -> tuple[str, ...]:
    """The names of the coalitions of these modalities, in their order; the last is all of them."""
    return tuple(
        "+".join(m for m, used in zip(modalities, coalition, strict=True) if used)
        for coalition in coalitions(len(modalities))
    )


@dataclass(frozen=True, slots=True)
class Tested:
    """The test cases of one finding."""

    modalities: tuple[str, ...]  # of the model
    labels: Values  # (n,) 1, 0, NaN: unknown
    sources: NDArray[np.str_]  # (n,)
    patients: NDArray[np.str_]  # (n,)
    heard: dict[str, Values]  # (n,) probabilities by subset, the others muted
    offered: dict[str, Mask]  # (n,) whether a case has every part of a subset
    drawn: dict[str, Mask]  # (n,) whether one of a subset's parts was generated or drawn
    fused: Values  # (n,) with all that was given
    real: Values  # (n,) with all that was given but the drawn parts
    has_real: Mask  # (n,)
    shuffled: Values  # (n,) as ``fused``, but the first modality of other cases of the source
    threshold: float

    @property
    def known(self) -> Mask:
        """(n,): whose label is known."""
        return ~np.isnan(self.labels)

    @property
    def whole(self) -> str:
        """The subset of all modalities."""
        return "+".join(self.modalities)

    @property
    def assembled(self) -> Mask:
        """(n,): who has a generated note or a drawn recording."""
        return self.drawn[self.whole]

    def figures(
        self, keep: Mask, scores: Values, drawn: Mask | None = None, *, floor: bool = False
    ) -> Figures:
        """The figures of the cases to keep; ``drawn``: whose scores lean on a drawn part."""
        return figures(
            scores[keep],
            self.labels[keep],
            self.patients[keep],
            threshold=self.threshold,
            assembled=0 if drawn is None else int(drawn[keep].sum()),
            floor=floor,
        )

    def compare(
        self, keep: Mask, first: str, second: str, scores: dict[str, Values], *, apart: bool = False
    ) -> Comparison | None:
        """One score less another on the cases to keep; ``apart`` keeps the sources apart."""
        return compare(
            (first, scores[first][keep]),
            (second, scores[second][keep]),
            self.labels[keep],
            self.patients[keep],
            sources=self.sources[keep] if apart else None,
            assembled=int(self.assembled[keep].sum()),
        )


def tested(
    network: MultimodalBigModel, corpus: Corpus, scores: Scores, thresholds: dict[str, float]
) -> dict[str, Tested]:
    """Read every finding's scores off the features; ``thresholds`` are the operating points.

    A label that is a probability, as drawn cases have in train, counts as unknown.
    """
    readout = network.readout()
    rows, labels = corpus.manifest.rows, corpus.labels.double().numpy()
    sources = rows["source"].to_numpy(str)
    drawn = drawn_parts(rows["assembled"].to_numpy(str), corpus.modalities) & scores.present.numpy()
    names = subsets(corpus.modalities)
    heard_of = list(zip(names, coalitions(len(corpus.modalities)), strict=True))
    offered = {s: scores.offered(c) for s, c in heard_of}
    leans = {s: drawn[:, c.numpy()].any(1) for s, c in heard_of}
    features = scores.features.double()
    own = scores.present & ~torch.from_numpy(drawn)
    mixed = features.clone()
    for m in range(1, len(corpus.modalities)):  # the first stays
        mixed[:, m] = features[_permuted(sources, scores.present[:, m].numpy(), seed=m), m]
    heard = torch.stack(coalition_logits(scores, readout)).sigmoid().numpy()
    fused = readout.logits(features).sigmoid().numpy()
    real = readout.logits(features * own[..., None]).sigmoid().numpy()
    shuffled = readout.logits(mixed).sigmoid().numpy()
    return {
        finding: Tested(
            modalities=corpus.modalities,
            labels=np.where(np.isin(labels[:, c], (0, 1)), labels[:, c], np.nan),
            sources=sources,
            patients=rows["patient_id"].to_numpy(str),
            heard={s: heard[i, :, c] for i, s in enumerate(names)},
            offered=offered,
            drawn=leans,
            fused=fused[:, c],
            real=real[:, c],
            has_real=own.any(1).numpy(),
            shuffled=shuffled[:, c],
            threshold=thresholds.get(finding, 0.5),
        )
        for c, finding in enumerate(network.config.findings)
    }


def _permuted(sources: NDArray[np.str_], present: Mask, seed: int) -> NDArray[np.int64]:
    """(n,): for each case one of its source, at random, that has the part too."""
    order = np.arange(len(sources))
    rng = np.random.default_rng(seed)
    for source in np.unique(sources):
        mine = np.flatnonzero((sources == source) & present)
        order[mine] = rng.permutation(mine)
    return order
