"""How the weights move: which of them at what rate, and their average behind them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from mmbm.branches.registry import branch_of
from mmbm.model.network import MultimodalBigModel
from mmbm.train.config import TrainConfig

__all__ = ["factors", "follow", "groups_of"]


def groups_of(network: MultimodalBigModel, config: TrainConfig) -> list[dict[str, Any]]:
    """The weights that are trained; pretrained backbones learn at their own rate."""
    rates: dict[int, float] = {}  # of each weight of a pretrained net, by its identity
    for modality, encoder in network.encoders.items():
        factor = getattr(network.config.of(modality), "learning_rate_factor", 1.0)
        for net in branch_of(modality).slow(encoder):
            rates |= dict.fromkeys(map(id, net.parameters()), config.image_learning_rate * factor)
    trained = [p for p in network.parameters() if p.requires_grad]
    groups = [
        ([p for p in trained if rates.get(id(p)) == rate], rate)
        for rate in sorted({config.image_learning_rate, *rates.values()})
    ]
    groups.append(([p for p in trained if id(p) not in rates], config.learning_rate))
    return [{"params": own, "lr": rate, "initial_lr": rate} for own, rate in groups]


def factors(steps: int) -> Callable[[int], float]:
    """The factor of each step's rate: up over the first twentieth, down along half a cosine."""
    warm = max(steps // 20, 1)

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(steps - warm, 1)))

    return factor


@torch.no_grad()
def follow(average: MultimodalBigModel, network: MultimodalBigModel, decay: float) -> None:
    """Move the average, batch statistics included, towards the network.

    The decay grows from 0.1 to its full value, so that the first weights are soon forgotten.
    """
    for mine, other in zip(
        average.state_dict().values(), network.state_dict().values(), strict=True
    ):
        if mine.is_floating_point():
            mine.lerp_(other, 1 - decay)
        else:
            mine.copy_(other)
