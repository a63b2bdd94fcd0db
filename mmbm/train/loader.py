"""Batches of augmented cases, prepared by worker processes while the net computes.

Every draw is seeded by the run's seed, the epoch, the batch and the case's place in it. So neither
the number of workers nor the number of training processes changes what a case looks like, and a
resumed run goes on with the batches of an unbroken one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mmbm.config import ImageConfig, TrainConfig
from mmbm.data.augment import augment_film, chance
from mmbm.data.corpus import Corpus
from mmbm.data.located import box_mask
from mmbm.data.manifest import even_weights
from mmbm.data.synthesis.opacity import draw_opacity
from mmbm.errors import ConfigError
from mmbm.model.network import Inputs
from mmbm.model.notes import Tokens
from mmbm.train.sounds import Listener

__all__ = ["Batch", "batches_per_epoch", "load", "seed_of"]


class Batch(NamedTuple):
    """What one step of training takes."""

    inputs: Inputs
    labels: Tensor  # (batch, findings) float32, NaN: unknown
    events: Tensor  # (batch, events) float32, NaN: unknown
    opaque: Tensor | None = None
    """Where an opacity was boxed or drawn in, (n_image, size, size), in [0, 1]; 0 throughout:
    there is none, or it is unknown."""
    sounding: Tensor | None = None
    """When each event was heard, (n_audio, events, frames), in [0, 1]; 0: not, or unknown."""


class Place(NamedTuple):
    """One batch of a run: its number and its cases."""

    epoch: int
    number: int
    cases: list[int]


def seed_of(*numbers: int) -> int:
    """One seed from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])


def label_rows(labels: Tensor) -> list[str]:
    """Each row of labels as one word, "1" yes or likelier, "0" no, "-1" unknown."""
    return ["".join(map(str, row)) for row in labels.nan_to_num(-1).round().int().tolist()]


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


class Prepared(Dataset[Batch]):
    """Place -> batch. Of each batch, this process takes every ``world``-th case from ``rank``."""

    def __init__(self, corpus: Corpus, config: TrainConfig, rank: int, world: int) -> None:
        self.corpus, self.config, self.rank, self.world = corpus, config, rank, world
        self.present = corpus.present
        if config.opacities and corpus.films.shape[1] == 1:
            raise ConfigError("opacities are drawn into lungs: set lungs = true in [model.image].")
        rows = corpus.manifest.rows
        self.boxed = bool(config.localise) and bool((rows["boxes"] != "").any())
        self.listener = Listener(corpus, config)
        self.timed = bool(config.localise) and self.listener.timed
        drawing = self.boxed or config.opacities
        if config.localise and not (self.timed or drawing):
            raise ConfigError(
                "localise needs to be told where evidence lies: by boxes or events in the "
                "manifest, or by opacities that are drawn in."
            )
        if config.localise and drawing and "pneumonia" not in config.model.findings:
            raise ConfigError("localise by boxes or what is drawn in needs the finding pneumonia.")
        if config.localise and config.model.fusion != "weighted_sum":
            raise ConfigError('localise needs fusion = "weighted_sum": else evidence has no place.')
        self.sources = corpus.manifest.rows["source"].tolist()
        findings = config.model.findings
        of_opacity = [{"pneumonia": 1.0, "no_finding": 0.0}.get(f, math.nan) for f in findings]
        self.opaque = torch.tensor(of_opacity)  # (findings,) the labels of a drawn opacity

    def __getitem__(self, place: Place) -> Batch:
        cases = place.cases[self.rank :: self.world]

        def seeded(part: int, change: Callable[..., Any]) -> Callable[..., Any]:
            """``change``, each time with the seed of the next case that has the part."""
            numbers = iter(range(self.rank, len(place.cases), self.world))
            mine = [n for n, c in zip(numbers, cases, strict=True) if self.present[c, part]]
            seeds = (seed_of(self.config.seed, place.epoch, place.number, n, part) for n in mine)

            def run(*given: Any) -> Any:
                torch.manual_seed(next(seeds))
                return change(*given)

            return run

        labels, events = self.corpus.labels[cases], self.corpus.sound_labels[cases]
        with_film, with_sound = (
            iter([n for n, c in enumerate(cases) if self.present[c, part]]) for part in (0, 2)
        )

        def film(square: Tensor, image: ImageConfig) -> Tensor:
            row = next(with_film)
            where = torch.zeros_like(square[:1])
            if self.boxed:
                where = box_mask(self.corpus.boxes(cases[row]), *square.shape[1:])[None]
            healthy = bool((labels[row] == 1 - self.opaque).any())
            if healthy and chance(self.config.opacities):
                drawn = draw_opacity(square)
                if drawn is not None:
                    labels[row] = self.opaque
                    return augment_film(drawn, image)
            return augment_film(torch.cat([square, where]), image)

        sounding: list[Tensor] = []

        def sound(_: Tensor) -> Tensor:
            row = next(with_sound)
            heard = self.listener(cases[row])
            events[row] = heard.labels
            sounding.append(heard.when)
            return heard.waveform

        located = self.boxed or bool(self.config.opacities)
        with torch.random.fork_rng(devices=[]):
            inputs = self.corpus.inputs(
                cases,
                film=seeded(0, film if located else augment_film),
                tokens=seeded(1, lambda t: forget(t, self.config.model.notes.unknown)),
                sound=seeded(2, sound),
            )
            if self.config.mixup and inputs.film is not None:
                torch.manual_seed(seed_of(self.config.seed, place.epoch, place.number, self.rank))
                kinds = zip((self.sources[c] for c in cases), label_rows(labels), strict=True)
                cells = [k for k, c in zip(kinds, cases, strict=True) if self.present[c, 0]]
                inputs = replace(
                    inputs, film=mix_films(inputs.film, cells, self.config.mixup, located)
                )
        opaque = None
        if located and inputs.film is not None:
            opaque = inputs.film[:, -1]
            inputs = replace(inputs, film=inputs.film[:, :-1])
        when = torch.stack(sounding) if self.timed and sounding else None
        return Batch(inputs, labels, events, opaque, when)


def forget(tokens: Tokens, unknown: int) -> Tokens:
    """One token in twenty becomes unknown, as rare words will be."""
    drop = torch.rand(len(tokens.ids)) < 0.05
    ids = [unknown if d else i for i, d in zip(tokens.ids, drop.tolist(), strict=True)]
    return tokens._replace(ids=ids)


def mix_films(
    films: Tensor, cells: list[tuple[str, str]], alpha: float, located: bool = False
) -> Tensor:
    """Blend half of the films with one of the same labels from another source.

    The labels stay true and the source is blurred. ``cells`` are (source, labels) of each film.
    Where opacities are ``located`` by the last plane, it is emptied: the other film may show its
    own elsewhere.
    Source: Yao et al., Improving Out-of-Distribution Robustness via Selective Augmentation,
    ICML 2022 (intra-label LISA).
    """
    mixed = films.clone()
    blend = torch.distributions.Beta(alpha, alpha)
    for i, (source, labels) in enumerate(cells):
        others = [j for j, (s, r) in enumerate(cells) if s != source and r == labels]
        if others and torch.rand(()) < 0.5:
            other = films[others[int(torch.randint(len(others), ()))]]
            share = blend.sample()
            mixed[i] = share * films[i] + (1 - share) * other
            if located:
                mixed[i, -1] = 0
    return mixed


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
