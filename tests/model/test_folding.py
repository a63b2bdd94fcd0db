"""Norms folded into convolutions: the same numbers in fewer steps; or left as they were."""

from __future__ import annotations

import torch
from torch import nn

from mmbm.config import ImageConfig
from mmbm.model.folding import folded
from mmbm.model.network import MultimodalBigModel
from tests.made_cases import TINY


def network(backbone: str = "tf_efficientnet_lite0") -> MultimodalBigModel:
    image = ImageConfig(backbone=backbone, size=64, feature_level=2)
    torch.manual_seed(0)
    made = MultimodalBigModel(TINY.model_copy(update={"image": image})).eval()
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return made.requires_grad_(False)


def norms(made: MultimodalBigModel) -> int:
    return sum(isinstance(m, nn.BatchNorm2d) for m in made.image_encoder.modules())


def test_the_numbers_stay_and_the_norms_are_gone():
    made = network()
    film = torch.rand(2, 1, 64, 64) * 2 - 1
    before = made.image_encoder(film)
    short = folded(made)
    torch.testing.assert_close(short.image_encoder(film), before, atol=1e-5, rtol=1e-5)
    assert norms(made) > 10 and norms(short) == 0  # the net itself stays as it was


class Turned(nn.Module):
    """Its norm stands behind the convolution, but is called before it."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, 1, 3, bias=False)
        self.norm = nn.BatchNorm2d(1)
        self.norm.running_mean.fill_(0.7)

    def forward(self, film: torch.Tensor) -> list[torch.Tensor]:
        return [self.convolution(self.norm(film))]


def test_a_net_that_calls_its_norms_in_another_order_is_left_as_it_is():
    made = network()
    made.image_encoder.backbone = Turned().eval()
    made.image_encoder.project = nn.Conv2d(1, TINY.features, 1)
    film = torch.rand(1, 1, 64, 64)
    before = made.image_encoder(film)
    assert torch.equal(folded(made).image_encoder(film), before)
