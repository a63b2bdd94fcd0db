"""Fits a model's trust tables: clouds on the training cases, the rest on held-out ones."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbm.case import MODALITIES, Modality
from mmbm.data.corpus import Corpus, distinct, read_texts
from mmbm.data.manifest import even_weights
from mmbm.model.readout import CoalitionReadout, Readout
from mmbm.model.tables import Cloud, TrustTables
from mmbm.train.fit.clouds import cloud_of
from mmbm.train.fit.population import fit_population, fit_spread
from mmbm.train.fit.pushes import fit_pushes
from mmbm.train.fit.thresholds import fit_thresholds, weighted_quantile
from mmbm.trust.shift import cues_of_note, distances, nearest

__all__ = ["fit_tables", "limit_of"]

FELT: tuple[Modality, ...] = ("image", "audio")  # the modalities whose features tell
FEWEST = 20  # distinct training parts a centre needs
PASSING = 0.99  # of the held-out parts, sources alike, lie within the limit
BEYOND, MOST = 3, 0.1  # held-out parts past it at least, but never more than this share of them


def fit_tables(
    readout: Readout | CoalitionReadout,
    train: Corpus,
    train_features: Tensor,
    held: Corpus,
    held_features: Tensor,
    unknown: int,
) -> TrustTables:
    """All tables, from the (n, 3, d) features of the training cases and of the held-out ones.

    ``unknown`` is the number of the tokeniser's unknown token.
    """
    clouds: dict[Modality, Cloud] = {}
    strangeness = torch.full((len(MODALITIES), 101), torch.nan)
    sources: tuple[str, ...] = ()
    for modality in FELT:
        m = MODALITIES.index(modality)
        learned, seen = distinct(train, m), distinct(held, m)
        names = (
            np.array(train.manifest.rows["source"])[learned]
            if m == 0
            else np.full(len(learned), "")
        )
        kept = [s for s in np.unique(names) if (names == s).sum() >= FEWEST]
        if not kept or not len(seen):
            continue
        inside = np.isin(names, kept)
        cloud = cloud_of(train_features[learned[inside], m], np.searchsorted(kept, names[inside]))
        far = distances(cloud, held_features[seen, m]).amin(1).numpy()
        alike = even_weights(held.manifest.rows["source"][seen]) if m == 0 else np.ones(len(seen))
        limit = limit_of(far, alike)
        clouds[modality] = Cloud(cloud.centres, cloud.precision, limit)
        strangeness[m] = torch.from_numpy(np.percentile(far / limit, np.arange(101)))
        if modality == "image":
            sources = tuple(str(s) for s in kept)
    notes = [
        max(cues_of_note(tokens, text, unknown).values())
        for tokens, text in zip(held.tokens, read_texts(held.manifest), strict=True)
        if tokens is not None
    ]
    if notes:
        strangeness[1] = torch.from_numpy(np.percentile(notes, np.arange(101)))
    labels = held.labels.double().numpy()
    shown = readout.contributions(held_features)
    return TrustTables(
        sources=sources,
        clouds=clouds,
        strangeness=strangeness,
        thresholds=fit_thresholds(
            readout,
            held_features,
            held.present,
            labels,
            even_weights(held.manifest.rows["source"]),
            nearest(clouds, held_features, held.present),
            len(sources),
        ),
        pushes=fit_pushes(shown, held.present, labels),
        unknown=unknown,
        population=fit_population(shown, held.present),
        spread=fit_spread(
            readout,
            train_features,
            train.labels.double().numpy(),
            train.manifest.rows["patient_id"].to_numpy(str),
        ),
    )


def limit_of(far: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The distance past which a part is called strange, from those of held-out parts, (n,).

    One in a hundred passes it; of a few dozen three do, or a tenth, else it would hang on the
    strangest of them alone.
    """
    level = min(PASSING, max(1 - MOST, 1 - BEYOND / (len(far) + 1)))
    limit = weighted_quantile(far, weights, level)
    return limit if np.isfinite(limit) else float(far.max())
