"""Fits fusion, head and each branch's last linear layer anew on features, the encoders as they are.

Training sees spoilt films and notes, which makes encoders robust and leaves the head with evidence
blunter than what it will read. On the features of the cases as they are, the same loss over every
coalition, with a ridge, takes seconds. It is also how a model is fitted to another hospital's cases
where they are too few to train encoders on (linear probing: Kumar et al., ICLR 2022; against short
cuts: Kirichenko et al., ICLR 2023).

All branches speak to one head, so each one's features are turned as well, to say the most along
the head's directions. A turn is linear, and folds into the projection that ends the branch. Where a
branch is held, the head's directions are too, so that it says what it said, and only how much of it
counts is fitted; the other branches are turned to those directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from mmbm.data.corpus import Corpus
from mmbm.model.network import MultimodalBigModel
from mmbm.train.loss import coalition_loss
from mmbm.train.sampling import sampling_weights

__all__ = ["Turn", "refit"]

STEPS, BATCH, RATE, TURN_RATE = 600, 512, 3e-3, 1e-3
SMOOTH = 0.05  # of the labels
TINY = 1e-5  # added to every variance, as BatchNorm1d does


@dataclass(frozen=True, slots=True)
class Turn:
    """A linear map of each modality's features, to zero mean and unit variance again."""

    matrix: Tensor  # (modalities, d, d)
    centre: Tensor  # (modalities, d), of the mapped features
    spread: Tensor  # (modalities, d), their standard deviations

    @classmethod
    def of(cls, matrix: Tensor, features: Tensor, weight: Tensor, free: Tensor) -> Turn:
        """From (n, modalities, d) features; ``weight``, (n, modalities): what each counts.

        What is not ``free``, (modalities,) bool, stays as it is.
        """
        matrix = torch.where(free[:, None, None], matrix, torch.eye(features.shape[2]))
        mapped = torch.einsum("mde,bme->bmd", matrix, features)
        share = (weight / weight.sum(0).clamp(min=TINY))[..., None]
        centre = (share * mapped).sum(0)
        variance = (share * (mapped - centre).square()).sum(0)
        kept = (~free | (weight.sum(0) == 0))[:, None]
        spread = torch.where(kept, 1.0, (variance + TINY).sqrt())
        return cls(matrix, torch.where(free[:, None], centre, 0.0), spread)

    def __call__(self, features: Tensor, present: Tensor) -> Tensor:
        """(n, modalities, d) features -> turned ones; an absent one is exactly zero still."""
        mapped = torch.einsum("mde,bme->bmd", self.matrix, features)
        return (mapped - self.centre) / self.spread * present[..., None]

    @torch.no_grad()
    def fold(self, network: MultimodalBigModel) -> None:
        """Let the network's own branches give turned features."""
        for i, modality in enumerate(network.config.modalities):
            project: Any = network.encoders[modality].project
            norm: Any = network.normalise[modality]
            scale = (norm.running_var + norm.eps).rsqrt()
            matrix = self.matrix[i] * scale  # of the projection's output, before it was standard
            project.bias.copy_(matrix @ (project.bias - norm.running_mean))
            weight = project.weight.flatten(1)
            project.weight.copy_((matrix @ weight).view_as(project.weight))
            norm.running_mean.copy_(self.centre[i])
            norm.running_var.copy_(self.spread[i].square() - norm.eps)
        for modality, head in network.event_heads.items():
            _unturned(cast(nn.Linear, head), self, network.place(modality))


def _unturned(head: nn.Linear, turn: Turn, place: int) -> None:
    """A branch's own head says of turned features what it said of those before."""
    back = torch.linalg.solve(turn.matrix[place], head.weight, left=False)
    head.bias.add_(back @ turn.centre[place])
    head.weight.copy_(back * turn.spread[place])


def refit(
    network: MultimodalBigModel,
    corpus: Corpus,
    features: Tensor,
    *,
    ridge: float = 1e-2,
    stiffness: float = 3e-3,
    heard: Sequence[bool] | None = None,
    held: str | None = None,
    seed: int = 0,
) -> Turn:
    """Fit ``network.fusion``, ``network.head`` and the projections in place, on the CPU.

    Cases are sampled evenly over source, label and view. ``features`` are the corpus's, (n,
    modalities, d); ``heard`` says which modalities may speak, all by default, ``held`` the one
    whose features stay, and the
    head's weights with them; ``ridge`` weighs the squares of the head's weights, ``stiffness``
    those of the turns. Returns what turns features that were read before.
    """
    torch.manual_seed(seed)
    modalities = network.config.modalities
    parts = torch.tensor(heard or [True] * len(modalities))
    present = corpus.present & parts
    weights = sampling_weights(corpus, "source+label+view") * present.any(1)
    head = [network.head.bias] if held else list(network.head.parameters())
    trained = [*network.fusion.parameters(), *head]
    free = torch.tensor([m != held for m in modalities])
    for parameter in trained:
        parameter.requires_grad_(True)
    same = torch.eye(features.shape[2])
    change = features.new_zeros(len(modalities), *same.shape).requires_grad_()
    optimizer = torch.optim.Adam(
        [{"params": trained, "lr": RATE}, {"params": [change], "lr": TURN_RATE}]
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        rows = torch.multinomial(weights, BATCH, replacement=True)
        drawn, given = features[rows], present[rows]
        turned = Turn.of(same + change, drawn, given.float(), free)(drawn, given)
        loss = coalition_loss(network, turned, given, corpus.labels[rows], SMOOTH).mean
        loss = loss + ridge * network.head.weight.square().sum(1).mean()
        loss = loss + stiffness * change.square().sum((1, 2)).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    for parameter in trained:
        parameter.requires_grad_(False)
    turn = Turn.of(same + change.detach(), features, weights.float()[:, None] * present, free)
    turn.fold(network)
    return turn
