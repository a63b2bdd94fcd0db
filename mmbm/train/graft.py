"""One model of branches that were trained apart: a film model's films, others' notes and sounds.

A head reads every branch through the same directions. Those of the model that gives the films stay,
so that the film says what it said, and its maps show what they showed; the other branches keep what
they know of their part, and learn these directions from ``mmbm calibrate --head --hold image``,
which moves the last linear layer of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from mmbm.branches.registry import known
from mmbm.errors import ConfigError
from mmbm.model.config import ModelConfig
from mmbm.model.network import MultimodalBigModel
from mmbm.model.readout import WeightedSum
from mmbm.text import name_of, sentence

__all__ = ["graft"]


@torch.no_grad()
def graft(
    network: MultimodalBigModel, others: Mapping[str, MultimodalBigModel]
) -> MultimodalBigModel:
    """A new net with ``network``'s branches and head, but for the branches of ``others``.

    Every modality weighs the same in it; the head is scaled so that what ``network``'s own branches
    say of a case is the same as before, uncalibrated. A branch's events go with it.

    Raises
    ------
    ConfigError
        A net does not read the branch it shall give, has features of another width, or does not
        fuse by a weighted sum.
    """
    own = [m for m in network.config.modalities if m not in others]
    if len(own) != 1:
        raise ConfigError(sentence("train.graft_all", count=len(own)))
    for modality, other in others.items():
        if modality not in other.config.modalities:
            raise ConfigError(sentence("train.graft_absent", part=name_of("modality", modality)))
        if other.config.features != network.config.features:
            raise ConfigError(
                sentence(
                    "train.graft_features",
                    part=name_of("modality", modality),
                    found=other.config.features,
                    needed=network.config.features,
                )
            )
    if not isinstance(network.fusion, WeightedSum):
        raise ConfigError(sentence("train.graft_fusion"))
    grafted = MultimodalBigModel(_config(network.config, others)).eval()
    state = network.state_dict()
    for modality, giver in others.items():
        parts = tuple(f"{kind}.{modality}." for kind in ("encoders", "normalise", "event_heads"))
        state = {k: t for k, t in state.items() if not k.startswith(parts)}
        state |= {k: t for k, t in giver.state_dict().items() if k.startswith(parts)}
    count = len(grafted.config.modalities)
    before = network.fusion.weights[network.place(own[0])]
    state["head.weight"] = state["head.weight"] * before * count
    state["fusion.scores"] = torch.zeros(count)
    state["calibration_scale"] = grafted.calibration_scale
    grafted.load_state_dict(state)
    grafted.uncalibrate()
    return grafted.requires_grad_(False)


def _config(own: ModelConfig, others: Mapping[str, MultimodalBigModel]) -> ModelConfig:
    """The settings of the new net: each branch's go with it."""
    given: dict[str, Any] = {m: other.config.of(m) for m, other in others.items()}
    reads = {*own.modalities, *others}
    return own.model_copy(update=given | {"modalities": tuple(m for m in known() if m in reads)})
