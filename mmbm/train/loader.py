"""Batches of augmented cases, prepared by worker processes while the net computes.

Every draw is seeded by the run's seed, the epoch, the batch and the case's place in it. So neither
the number of workers nor the number of training processes changes what a case looks like, and a
resumed run goes on with the batches of an unbroken one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from mmbm.data.augmentation.changes import augment, changes, seeded
from mmbm.data.augmentation.example import Example, example_of
from mmbm.data.augmentation.films import mix_films
from mmbm.data.corpus import Corpus
from mmbm.train.collate import Batch, collate
from mmbm.train.config import TrainConfig
from mmbm.train.sampling import Place, places, seed_of

__all__ = ["load"]


class Prepared(Dataset[Batch]):
    """Place -> batch. Of each batch, this process takes every ``world``-th case from ``rank``."""

    def __init__(self, corpus: Corpus, config: TrainConfig, rank: int, world: int) -> None:
        self.corpus, self.config, self.rank, self.world = corpus, config, rank, world
        self.changes = changes(corpus, config)

    def __getitem__(self, place: Place) -> Batch:
        mine = range(self.rank, len(place.cases), self.world)
        examples = [self._example(place, number) for number in mine]
        if self.config.mixup:
            with seeded(seed_of(self.config.seed, place.epoch, place.number, self.rank)):
                examples = mix_films(examples, self.config.mixup)
        return collate(examples, self.config.model.modalities)

    def _example(self, place: Place, number: int) -> Example:
        """The case at one place of a batch, augmented."""

        def seeds(modality: str) -> int:
            part = self.config.model.modalities.index(modality)
            return seed_of(self.config.seed, place.epoch, place.number, number, part)

        return augment(example_of(self.corpus, place.cases[number]), self.changes, seeds)


def load(
    corpus: Corpus, config: TrainConfig, *, first: int, rank: int = 0, world: int = 1
) -> Iterator[Batch]:
    """All batches of a run from epoch ``first``, counted from 0, in order."""
    loader: DataLoader[Batch] = DataLoader(
        Prepared(corpus, config, rank, world),
        batch_size=None,
        sampler=places(corpus, config, first),
        num_workers=config.workers,
        collate_fn=_as_is,
        generator=torch.Generator(),  # else the loader draws from the global one
    )
    return iter(loader)


def _as_is(batch: Any) -> Any:
    return batch
