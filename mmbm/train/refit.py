"""Fits fusion and head anew on features, the encoders as they are.

Training sees spoilt films and notes, which makes encoders robust and leaves the head with evidence
blunter than what it will read. On the features of the cases as they are, the same loss over every
coalition, with a ridge, takes seconds. It is also how a model is fitted to another hospital's cases
where they are too few to train encoders on (linear probing: Kumar et al., ICLR 2022).
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmbm.data.corpus import Corpus
from mmbm.model.network import MultimodalBigModel
from mmbm.train.loader import sampling_weights
from mmbm.train.loss import coalition_loss

__all__ = ["refit"]

STEPS, BATCH, RATE = 600, 512, 3e-3
SMOOTH = 0.05  # of the labels


def refit(
    network: MultimodalBigModel,
    corpus: Corpus,
    features: Tensor,
    *,
    ridge: float = 1e-2,
    heard: tuple[bool, bool, bool] = (True, True, True),
    seed: int = 0,
) -> None:
    """Fit ``network.fusion`` and ``network.head`` in place, on the CPU.

    Cases are drawn evenly over source, label and view. ``features`` are the corpus's, (n, 3, d);
    ``heard`` are the modalities that may speak; ``ridge`` weighs the squares of the head's weights.
    """
    torch.manual_seed(seed)
    parts = torch.tensor(heard)
    present = corpus.present & parts
    weights = sampling_weights(corpus, "source+label+view") * present.any(1)
    trained = [*network.fusion.parameters(), *network.head.parameters()]
    for parameter in trained:
        parameter.requires_grad_(True)
    optimizer = torch.optim.Adam(trained, RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        rows = torch.multinomial(weights, BATCH, replacement=True)
        loss = coalition_loss(
            network, features[rows] * parts[:, None], present[rows], corpus.labels[rows], SMOOTH
        ).mean
        loss = loss + ridge * network.head.weight.square().sum(1).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    for parameter in trained:
        parameter.requires_grad_(False)
