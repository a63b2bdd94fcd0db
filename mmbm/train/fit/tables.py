"""Fits a model's trust tables: clouds on the training cases, the rest on held-out ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbm.branches.registry import branch_of
from mmbm.data.corpus import Corpus
from mmbm.data.manifest import even_weights
from mmbm.data.reading import read_texts
from mmbm.model.config import ModelConfig
from mmbm.model.readout import CoalitionReadout, Readout
from mmbm.model.tables import Cloud, TrustTables
from mmbm.train.fit.clouds import cloud_of
from mmbm.train.fit.population import fit_population, fit_spread
from mmbm.train.fit.pushes import fit_pushes
from mmbm.train.fit.thresholds import fit_thresholds, weighted_quantile
from mmbm.trust.shift import distances, nearest

__all__ = ["fit_tables", "limit_of"]

FEWEST = 20  # distinct training parts a centre needs
PASSING = 0.99  # of the held-out parts, sources alike, lie within the limit
BEYOND, MOST = 3, 0.1  # held-out parts past it at least, but never more than this share of them


def fit_tables(
    readout: Readout | CoalitionReadout,
    config: ModelConfig,
    train: Corpus,
    train_features: Tensor,
    held: Corpus,
    held_features: Tensor,
) -> TrustTables:
    """All tables, from (n, modalities, d) features of training cases and of held-out ones."""
    clouds: dict[str, Cloud] = {}
    strangeness = torch.full((len(config.modalities), 101), torch.nan)
    sources: tuple[str, ...] = ()
    for place, modality in enumerate(config.modalities):
        branch = branch_of(modality)
        if not branch.familiar_by_features:
            found = _strangest(held, modality, config)
            if len(found):
                strangeness[place] = torch.from_numpy(np.percentile(found, np.arange(101)))
            continue
        grouped = branch.by_source and not sources
        made = _cloud(train, train_features, held, held_features, modality, place, grouped)
        if made is None:
            continue
        clouds[modality], strange, named = made
        strangeness[place] = torch.from_numpy(np.percentile(strange, np.arange(101)))
        sources = named if grouped else sources
    labels = held.labels.double().numpy()
    shown = readout.contributions(held_features)
    tables = TrustTables(
        modalities=config.modalities,
        sources=sources,
        clouds=clouds,
        strangeness=strangeness,
        thresholds=torch.empty(0),
        pushes=fit_pushes(shown, held.present, labels),
        population=fit_population(shown, held.present),
        spread=fit_spread(
            readout,
            train_features,
            train.labels.double().numpy(),
            train.manifest.rows["patient_id"].to_numpy(str),
        ),
    )
    thresholds = fit_thresholds(
        readout,
        held_features,
        held.present,
        labels,
        even_weights(held.manifest.rows["source"]),
        nearest(tables, held_features, held.present),
        len(sources),
        config.modalities.index(tables.grouping) if tables.grouping else 0,
    )
    return replace(tables, thresholds=thresholds)


def _cloud(
    train: Corpus,
    train_features: Tensor,
    held: Corpus,
    held_features: Tensor,
    modality: str,
    place: int,
    grouped: bool,
) -> tuple[Cloud, NDArray[np.float64], tuple[str, ...]] | None:
    """Where a modality's features lie, how strange held-out ones are, and whose centres they are.

    None where there are too few of them.
    """
    learned, seen = train.distinct(modality), held.distinct(modality)
    names = np.full(len(learned), "")
    if grouped:
        names = np.array(train.manifest.rows["source"])[learned]
    kept = [s for s in np.unique(names) if (names == s).sum() >= FEWEST]
    if not kept or not len(seen):
        return None
    inside = np.isin(names, kept)
    centres = np.searchsorted(kept, names[inside])
    cloud = cloud_of(train_features[learned[inside], place], centres)
    far = distances(cloud, held_features[seen, place]).amin(1).numpy()
    alike = even_weights(held.manifest.rows["source"][seen]) if grouped else np.ones(len(seen))
    limit = limit_of(far, alike)
    return Cloud(cloud.centres, cloud.precision, limit), far / limit, tuple(str(s) for s in kept)


def _strangest(held: Corpus, modality: str, config: ModelConfig) -> NDArray[np.float64]:
    """The strangest cue of each held-out part, as its branch has them."""
    texts = read_texts(held.manifest)
    cues = (
        held.cues(modality, case, texts[case], config)
        for case in np.flatnonzero(held.part_of(modality) >= 0).tolist()
    )
    return np.array([max(found.values()) for found in cues if found])


def limit_of(far: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The distance past which a part is called strange, from those of held-out parts, (n,).

    One in a hundred passes it; of a few dozen three do, or a tenth, else it would hang on the
    strangest of them alone.
    """
    level = min(PASSING, max(1 - MOST, 1 - BEYOND / (len(far) + 1)))
    limit = weighted_quantile(far, weights, level)
    return limit if np.isfinite(limit) else float(far.max())
