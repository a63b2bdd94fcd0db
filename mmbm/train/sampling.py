"""Which cases each batch of a run holds, and the seeds of what is drawn for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mmbm.data.corpus import Corpus
from mmbm.data.manifest import even_weights
from mmbm.train.config import TrainConfig

__all__ = ["Place", "batches_per_epoch", "places", "sampling_weights", "seed_of"]


class Place(NamedTuple):
    """One batch of a run: its number and its cases."""

    epoch: int
    number: int
    cases: list[int]


def seed_of(*numbers: int) -> int:
    """One seed from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])


def sampling_weights(corpus: Corpus, balance: str = "source+label") -> Tensor:
    """(cases,) so that every cell of source x label of the first finding is drawn equally often.

    With "source+label+view" so are the views within a cell: where the healthy stood and the sick
    lay, the view would give the label away.
    """
    first = corpus.labels[:, 0].nan_to_num(-1).round().tolist()
    rows = corpus.manifest.rows
    cells = [f"{s}|{label}" for s, label in zip(rows["source"], first, strict=True)]
    if balance != "source+label+view":
        return torch.from_numpy(even_weights(cells))
    views = [f"{cell}|{view}" for cell, view in zip(cells, rows["view"], strict=True)]
    of = dict(zip(views, cells, strict=True))
    kinds = Counter(of.values())  # views of a cell
    return torch.from_numpy(even_weights(views) / np.array([kinds[cell] for cell in cells]))


def batches_per_epoch(corpus: Corpus, config: TrainConfig) -> int:
    """Whole batches only, but at least one."""
    return max(len(corpus) // config.batch, 1)


def places(corpus: Corpus, config: TrainConfig, first: int) -> Iterator[Place]:
    """All batches from epoch ``first``, counted from 0, to the last."""
    weights = sampling_weights(corpus, config.balance)
    for epoch in range(first, config.epochs):
        draw = torch.Generator().manual_seed(seed_of(config.seed, epoch))
        if config.balance != "none":
            order = torch.multinomial(weights, len(corpus), replacement=True, generator=draw)
        else:
            order = torch.randperm(len(corpus), generator=draw)
        for number in range(batches_per_epoch(corpus, config)):
            start = number * config.batch
            yield Place(epoch, number, order[start : start + config.batch].tolist())
