"""Cases as the tensors that an exported file takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmbm.branches.registry import branch_of
from mmbm.case import Case
from mmbm.errors import ConfigError
from mmbm.export.program import PRESENT, inputs_of
from mmbm.model.checkpoint import LoadedModel
from mmbm.predict import make_ready
from mmbm.predict.ready import readers_of
from mmbm.text import name_of, sentence

__all__ = ["prepared"]


def prepared(cases: Sequence[Case], loaded: LoadedModel) -> dict[str, NDArray[Any]]:
    """A batch by the names of the inputs; an absent part is filled with anything that is valid.

    Raises
    ------
    NoSignal
        A case has no part that the model reads.
    ConfigError
        Parts whose tensors have other lengths and cannot be padded, such as recordings: give them
        one by one.
    """
    config, readers = loaded.network.config, readers_of(loaded)
    ready = [make_ready(case, config, readers).prepared for case in cases]
    present = np.array([[m in parts for m in config.modalities] for parts in ready])
    feeds: dict[str, NDArray[Any]] = {PRESENT: present}
    for modality, inputs in inputs_of(config).items():
        branch = branch_of(modality)
        having = [row for row, parts in enumerate(ready) if modality in parts]
        if having:
            try:
                given = branch.collate([ready[row][modality] for row in having])
            except RuntimeError as exc:
                part = name_of("modality", modality)
                raise ConfigError(sentence("export.lengths", part=part)) from exc
        else:
            given = branch.trial(config.of(modality), 1, torch.Generator().manual_seed(0))
        place = np.zeros(len(cases), dtype=np.int64)  # an absent one is filled with the first
        place[having] = np.arange(len(having))
        for about, tensor in zip(inputs, given, strict=True):
            feeds[about.name] = tensor.numpy()[place]
    return feeds
