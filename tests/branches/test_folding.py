"""Norms folded into convolutions: the same numbers in fewer steps; or left as they were."""

from __future__ import annotations

import pytest
import torch
from timm.layers import Conv2dSame
from torch import nn

from mmbm.branches.folding import Halving, Pointwise
from mmbm.branches.image.config import ImageConfig
from mmbm.model.network import MultimodalBigModel
from mmbm.predict.predictor import folded
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
    return sum(isinstance(m, nn.BatchNorm2d) for m in made.encoders["image"].modules())


@pytest.mark.parametrize("shape", [(64, 64), (63, 65), (66, 90), (61, 64)])
def test_the_numbers_stay_and_the_norms_are_gone(shape):
    made = network()
    film = torch.rand(2, 1, *shape) * 2 - 1
    before = made.encoders["image"](film)
    short = folded(made)
    torch.testing.assert_close(short.encoders["image"](film), before, atol=1e-5, rtol=1e-5)
    assert norms(made) > 10 and norms(short) == 0  # the net itself stays as it was


def test_a_folded_net_may_be_folded_again():
    short = folded(network())
    film = torch.rand(1, 1, 64, 64)
    assert torch.equal(folded(short).encoders["image"](film), short.encoders["image"](film))


def test_a_sound_is_heard_as_before_without_norms():
    made, sound = network(), torch.rand(1, 32_000) * 2 - 1
    before = made.encoders["audio"](sound)
    short = folded(made).encoders["audio"]
    torch.testing.assert_close(short(sound), before, atol=1e-5, rtol=1e-5)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in short.modules())


@pytest.mark.parametrize("size", [8, 9, 14])
@pytest.mark.parametrize("side", [3, 5])
def test_a_convolution_that_halves_reads_what_its_padded_cells_hold(side, size):
    torch.manual_seed(0)
    padded = Conv2dSame(4, 4, side, stride=2, groups=4)
    cells = torch.randn(2, 4, size, size)
    assert torch.allclose(Halving(padded)(cells), padded(cells), atol=1e-6)


def test_a_pointwise_convolution_is_a_product_and_hands_gradients_on():
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 5, 1)
    cells = torch.randn(2, 3, 4, 6, requires_grad=True)
    found, expected = Pointwise(convolution)(cells), convolution(cells)
    assert torch.allclose(found, expected, atol=1e-6)
    gradients = [torch.autograd.grad(y.square().sum(), cells)[0] for y in (found, expected)]
    assert torch.allclose(*gradients, atol=1e-5)


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
    made.encoders["image"].backbone = Turned().eval()
    made.encoders["image"].project = nn.Conv2d(1, TINY.features, 1)
    film = torch.rand(1, 1, 64, 64)
    before = made.encoders["image"](film)
    assert torch.equal(folded(made).encoders["image"](film), before)
