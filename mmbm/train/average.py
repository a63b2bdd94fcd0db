"""One branch from several: the mean of nets that were trained from the same weights.

Nets fine-tuned from one pretrained net lie in one basin, so the mean of their weights is a net too,
and usually a better one than each, at the cost of one (Wortsman et al., Model soups, ICML 2022).
What was not pretrained has no common basin: every run invents its own features. But what a run says
of a part is linear in what its backbone sees, ``M = W diag(1/s) P`` with head ``W``, the features'
spreads ``s`` and the projection ``P``; so the runs' ``M`` are averaged instead, and the projection
of the net that keeps its head is moved as little as lets it say the same.

Branches without a pretrained backbone are trained from one another with the head held, so they
share all of it, and the mean of their weights is enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim.swa_utils import update_bn

from mmbm.branches.registry import branch_of
from mmbm.errors import ConfigError
from mmbm.model.network import MultimodalBigModel
from mmbm.model.readout import WeightedSum
from mmbm.text import name_of, sentence

__all__ = ["average_backbones", "average_weights"]

BATCH = 64
END = ("fusion.", "head.")
LEAST = 0.05  # of the head's largest singular value: what it hardly says is let be


@torch.no_grad()
def average_backbones(
    network: MultimodalBigModel,
    others: Sequence[MultimodalBigModel],
    modality: str,
    tensors: Sequence[Tensor],
) -> None:
    """Give ``network`` the mean branch of ``others``, whose backbones began as one, in place.

    ``tensors``, (n, …) each as the branch's encoder takes them, set the norms of the mean net. On
    the CPU.

    Raises
    ------
    ConfigError
        The nets are not alike, or one of them does not fuse by a weighted sum.
    """
    same = (network.config.of(modality), network.config.findings)
    for net in (network, *others):
        if (net.config.of(modality), net.config.findings) != same:
            raise ConfigError(
                sentence("train.average_settings", part=name_of("modality", modality))
            )
        if not isinstance(net.fusion, WeightedSum):
            raise ConfigError(sentence("train.average_fusion"))
    branch, encoder = branch_of(modality), _encoder(network, modality)
    states = [branch.slow(_encoder(net, modality))[0].state_dict() for net in others]
    branch.slow(encoder)[0].load_state_dict(
        {
            name: torch.stack([s[name] for s in states]).mean(0) if t.is_floating_point() else t
            for name, t in states[0].items()
        }
    )
    update_bn(torch.split(tensors[0], BATCH), encoder)
    wanted = torch.stack([_says(other, modality) for other in others]).mean(0)
    move = torch.linalg.pinv(_head(network, modality), rtol=LEAST)
    move = move @ (wanted - _says(network, modality))
    encoder.project.weight.add_(move.view_as(encoder.project.weight))
    _standardise(network, modality, tensors)


@torch.no_grad()
def average_weights(
    network: MultimodalBigModel, others: Sequence[MultimodalBigModel], modality: str
) -> None:
    """Give ``network`` the mean branch and event head of ``others``, in place, on the CPU.

    Raises
    ------
    ConfigError
        The nets are not alike, or do not share one fusion and head.
    """
    own, states = network.state_dict(), [net.state_dict() for net in others]
    for net, state in zip(others, states, strict=True):
        if net.config.of(modality) != network.config.of(modality):
            raise ConfigError(sentence("train.average_events", part=name_of("modality", modality)))
        if not _end_alike(own, state):
            raise ConfigError(sentence("train.average_head", part=name_of("modality", modality)))
    parts = tuple(f"{kind}.{modality}." for kind in ("encoders", "normalise", "event_heads"))
    for name, weight in own.items():
        if name.startswith(parts) and weight.is_floating_point():
            weight.copy_(torch.stack([state[name] for state in states]).mean(0))


def _end_alike(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Whether features mean the same to two nets' fusion and head."""
    names = {n for n in (*one, *other) if n.startswith(END)}
    return all(n in one and n in other and torch.equal(one[n], other[n]) for n in names)


def _encoder(network: MultimodalBigModel, modality: str) -> Any:
    return network.encoders[modality]


def _head(network: MultimodalBigModel, modality: str) -> Tensor:
    """(findings, d): each logit, by the branch's features before they are normalised."""
    norm: Any = network.normalise[modality]
    scale: Tensor = (norm.running_var + norm.eps).rsqrt()
    fusion: Any = network.fusion
    head: Tensor = fusion.weights[network.place(modality)] * network.head.weight * scale
    return head


def _says(network: MultimodalBigModel, modality: str) -> Tensor:
    """(findings, channels): each logit, by the mean of what the backbone sees."""
    said: Tensor = _head(network, modality) @ _encoder(network, modality).project.weight.flatten(1)
    return said


def _standardise(network: MultimodalBigModel, modality: str, tensors: Sequence[Tensor]) -> None:
    """Let the branch's features have zero mean and unit variance over these parts."""
    norm: Any = network.normalise[modality]
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    batches = zip(*(torch.split(t, BATCH) for t in tensors), strict=True)
    features = torch.cat([network.encode(modality, *batch).mean for batch in batches])
    norm.running_mean.copy_(features.mean(0))
    norm.running_var.copy_(features.var(0, unbiased=False))
