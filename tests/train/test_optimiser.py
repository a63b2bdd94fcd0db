"""The rate rises over the first twentieth and falls along half a cosine."""

from __future__ import annotations

import math

import pytest
import torch
from torch.optim.lr_scheduler import LambdaLR

from mmbm.model.network import MultimodalBigModel
from mmbm.train.optimiser import factors, groups_of
from tests.made_cases import TINY, TINY_TRAINING


def test_the_rate_by_hand():
    rate = factors(60)  # three steps up, 57 down
    assert [rate(step) for step in (0, 1, 2, 3)] == pytest.approx([1 / 3, 2 / 3, 1, 1])
    assert rate(3 + 19) == pytest.approx(0.5 * (1 + math.cos(math.pi / 3)))  # 0.75
    assert rate(60) == pytest.approx(0.0, abs=1e-12)
    assert [factors(1)(step) for step in (0, 1)] == [1.0, 1.0]


def test_a_schedule_that_goes_on_has_the_rates_of_an_unbroken_one():
    network = MultimodalBigModel(TINY)

    def rates(begin, steps):
        optimizer = torch.optim.AdamW(groups_of(network, TINY_TRAINING))
        schedule = LambdaLR(optimizer, factors(40), begin - 1)
        found = []
        for _ in range(steps):
            found.append([group["lr"] for group in optimizer.param_groups])
            optimizer.step()
            schedule.step()
        return found

    assert rates(0, 40)[25:] == rates(25, 15)
    assert rates(1, 1) == [[TINY_TRAINING.image_learning_rate, TINY_TRAINING.learning_rate]]
