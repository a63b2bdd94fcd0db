"""One branch from several: the mean of nets that were trained from the same weights.

Nets fine-tuned from one pretrained net lie in one basin, so the mean of their weights is a net too,
and usually a better one than each, at the cost of one (Wortsman et al., Model soups, ICML 2022).
What was not pretrained has no common basin: every run invents its own features. But what a run says
of a film is linear in what its backbone sees, ``M = W diag(1/s) P`` with head ``W``, the features'
spreads ``s`` and the projection ``P``; so the runs' ``M`` are averaged instead, and the projection
of the net that keeps its head is moved as little as lets it say the same.

Sound branches are trained from one another with the head held, so they share all of it, and the
mean of their weights is enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim.swa_utils import update_bn

from mmbm.errors import ConfigError
from mmbm.model.fusion import WeightedSum
from mmbm.model.network import Inputs, MultimodalBigModel

__all__ = ["average_audio", "average_image"]

BATCH = 64
AUDIO = ("encoders.audio.", "normalise.audio.", "sound_head.")
END = ("fusion.", "head.")
LEAST = 0.05  # of the head's largest singular value: what it hardly says is let be


@torch.no_grad()
def average_image(
    network: MultimodalBigModel, others: Sequence[MultimodalBigModel], films: Tensor
) -> None:
    """Give ``network`` the mean image branch of ``others``, in place, on the CPU.

    ``films``, (n, 1 or 2, size, size) as the branch reads them, set the norms of the mean net.

    Raises
    ------
    ConfigError
        The nets are not alike, or one of them does not fuse by a weighted sum.
    """
    same = (network.config.image, network.config.findings)
    for net in (network, *others):
        if (net.config.image, net.config.findings) != same:
            raise ConfigError("Only models with the same findings and image settings average.")
        if not isinstance(net.fusion, WeightedSum):
            raise ConfigError("Only models that fuse by a weighted sum average.")
    encoder = network.image_encoder
    backbones = [other.image_encoder.backbone.state_dict() for other in others]
    encoder.backbone.load_state_dict(
        {
            name: torch.stack([b[name] for b in backbones]).mean(0) if t.is_floating_point() else t
            for name, t in backbones[0].items()
        }
    )
    update_bn((part[:, :1] for part in torch.split(films, BATCH)), encoder.backbone)
    wanted = torch.stack([_says(other) for other in others]).mean(0)
    move = torch.linalg.pinv(_head(network), rtol=LEAST) @ (wanted - _says(network))
    encoder.project.weight.add_(move.view_as(encoder.project.weight))
    _standardise(network, films)


@torch.no_grad()
def average_audio(network: MultimodalBigModel, others: Sequence[MultimodalBigModel]) -> None:
    """Give ``network`` the mean sound branch and sound head of ``others``, in place, on the CPU.

    Raises
    ------
    ConfigError
        The nets are not alike, or do not share one fusion and head.
    """
    same = (network.config.audio, network.config.sound_events)
    own, states = network.state_dict(), [net.state_dict() for net in others]
    for net, state in zip(others, states, strict=True):
        if (net.config.audio, net.config.sound_events) != same:
            raise ConfigError("Only models with the same sound settings and events average.")
        if not _end_alike(own, state):
            raise ConfigError(
                'Only sound branches trained with the same head average: freeze = ["head"].'
            )
    for name, weight in own.items():
        if name.startswith(AUDIO) and weight.is_floating_point():
            weight.copy_(torch.stack([state[name] for state in states]).mean(0))


def _end_alike(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Whether features mean the same to two nets' fusion and head."""
    names = {n for n in (*one, *other) if n.startswith(END)}
    return all(n in one and n in other and torch.equal(one[n], other[n]) for n in names)


def _head(network: MultimodalBigModel) -> Tensor:
    """(findings, d): each logit, by the film's features before they are normalised."""
    scale: Tensor = (_norm(network).running_var + _norm(network).eps).rsqrt()
    fusion: Any = network.fusion
    head: Tensor = fusion.weights[0] * network.head.weight * scale
    return head


def _says(network: MultimodalBigModel) -> Tensor:
    """(findings, channels): each logit, by the mean of what the backbone sees."""
    return _head(network) @ network.image_encoder.project.weight.flatten(1)


def _norm(network: MultimodalBigModel) -> Any:
    return network.normalise["image"]


def _standardise(network: MultimodalBigModel, films: Tensor) -> None:
    """Let the film's features have zero mean and unit variance over these films."""
    norm = _norm(network)
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    present = torch.tensor([[True, False, False]])
    means = [
        network.features(Inputs(present.expand(len(part), -1), part))[:, 0]
        for part in torch.split(films, BATCH)
    ]
    features = torch.cat(means)
    norm.running_mean.copy_(features.mean(0))
    norm.running_var.copy_(features.var(0, unbiased=False))
