"""What training does to an example: each of its parts is changed, by draws of a seed of its own.

So no part's draws depend on whether another is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch

from mmbm.case import Modality
from mmbm.data.augmentation.example import Example, Plan
from mmbm.data.augmentation.films import Viewer
from mmbm.data.augmentation.notes import Reader
from mmbm.data.augmentation.sounds import Listener
from mmbm.data.corpus import Corpus
from mmbm.errors import ConfigError
from mmbm.text import sentence

__all__ = ["Change", "augment", "changes", "seeded"]

Change = Callable[[Example], Example]  # of one part; draws from torch's global generator


def augment(
    example: Example, changes: Mapping[Modality, Change], seeds: Callable[[Modality], int]
) -> Example:
    """The example with each of its parts changed; ``seeds`` gives the seed of each change."""
    for modality, change in changes.items():
        if modality in example.parts:
            with seeded(seeds(modality)):
                example = change(example)
    return example


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """What is drawn inside, by torchvision too, begins from ``seed``; outside nothing changes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def changes(corpus: Corpus, config: Plan) -> dict[Modality, Change]:
    """What a run does to each part.

    Raises
    ------
    ConfigError
        The run asks for evidence in its place, but nothing tells the place.
    """
    read = config.model.modalities
    viewer, listener = Viewer(corpus, config), Listener(corpus, config)
    if config.localise and not (viewer.located or listener.timed):
        raise ConfigError(sentence("train.localise_unknown"))
    if config.localise and viewer.located and "pneumonia" not in config.model.findings:
        raise ConfigError(sentence("train.localise_pneumonia"))
    if config.localise and config.model.fusion != "weighted_sum":
        raise ConfigError(sentence("train.localise_fusion"))
    made: dict[str, Change] = {"image": viewer, "audio": listener}
    if "notes" in read:
        made["notes"] = Reader(config)
    return {modality: made[modality] for modality in read if modality in made}
