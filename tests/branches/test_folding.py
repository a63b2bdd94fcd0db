"""Norms folded into convolutions: the same numbers in fewer steps; or left as they were."""

from __future__ import annotations

import copy

import pytest
import torch
from timm.layers import Conv2dSame
from torch import nn

from mmbm.branches import folding
from mmbm.branches.folding import Halving, Packed, Pointwise, lean
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
    with torch.inference_mode():  # by oneDNN
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
    with torch.inference_mode():
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


BOUNDS = [nn.ReLU(), nn.ReLU6(), nn.Hardtanh(-0.5, 0.25), None]
CONVOLUTIONS = [
    nn.Conv2d(4, 8, 3, padding=1),
    nn.Conv2d(4, 4, 5, padding=2, groups=4),
    nn.Conv2d(4, 8, 3, stride=2, dilation=2, bias=False),
    nn.Conv2d(4, 6, 1),
    Conv2dSame(4, 4, 3, stride=2, groups=4),
]


@pytest.mark.parametrize("bound", BOUNDS, ids=str)
@pytest.mark.parametrize("convolution", CONVOLUTIONS, ids=str)
@pytest.mark.parametrize("rows", [1, 3])
def test_a_convolution_and_its_bound_in_one_step_say_the_same(convolution, bound, rows):
    net = nn.Sequential(convolution, nn.Identity(), bound or nn.Identity())
    short = lean(copy.deepcopy(net))
    assert isinstance(short[0], Packed) and isinstance(short[2], nn.Identity)
    with torch.inference_mode():
        for size in (16, 16, 15):  # laid out, used again, and by another size
            cells = 3 * torch.randn(rows, 4, size, size)
            torch.testing.assert_close(short(cells), net(cells), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("problem", [AttributeError, RuntimeError, TypeError, None])
def test_a_torch_whose_operators_are_others_reads_in_two_steps(problem, monkeypatch):
    def other(cells, *given):
        if problem is not None:
            raise problem
        return torch.zeros_like(cells)  # other numbers

    made = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    cells = torch.rand(2, 3, 9, 9)
    before = made(cells)
    monkeypatch.setattr(folding, "_at_once", other)
    folding._at_hand.cache_clear()
    try:
        with torch.inference_mode():
            torch.testing.assert_close(lean(made)(cells), before)
        assert not folding._at_hand()
    finally:
        folding._at_hand.cache_clear()


def test_cells_of_the_whole_net_carry_gradients():
    short, film = folded(network()), torch.rand(1, 1, 64, 64)
    with torch.inference_mode():
        short.encoders["image"](film)  # the weights are laid out now
    film.requires_grad_()
    gradient = torch.autograd.grad(short.encoders["image"](film).square().sum(), film)[0]
    cells = network().encoders["image"](film)
    torch.testing.assert_close(
        gradient, torch.autograd.grad(cells.square().sum(), film)[0], atol=1e-4, rtol=1e-4
    )


def test_a_copy_reads_with_its_own_weights():
    net = lean(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()))
    film = torch.rand(1, 1, 8, 8)
    with torch.inference_mode():
        net(film)
        other = copy.deepcopy(net)
        for weight in other.parameters():
            weight.zero_()
        assert bool(net(film).any()) and not bool(other(film).any())


def test_float64_is_read_as_it_was():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()).double()
    cells = torch.rand(1, 1, 8, 8, dtype=torch.float64)
    with torch.inference_mode():
        assert torch.equal(lean(copy.deepcopy(net))(cells), net(cells))


class CalledTwice(nn.Module):
    """A ReLU that stands behind the last convolution, and is called behind each and the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.first_norm = nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3)
        self.second, self.second_norm = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)
        self.relu = nn.ReLU()

    def forward(self, film: torch.Tensor) -> list[torch.Tensor]:
        cells = self.relu(self.first_norm(self.first(film)))
        return [self.relu(self.second_norm(self.second(cells)) + film)]


def test_a_net_whose_relu_is_called_again_is_folded_but_for_it():
    made = network()
    made.encoders["image"].backbone = CalledTwice().eval()
    made.encoders["image"].project = nn.Conv2d(3, TINY.features, 1)
    film = torch.rand(1, 1, 64, 64) * 2 - 1
    before = made.encoders["image"](film)
    short = folded(made)
    assert norms(short) == 0 and isinstance(short.encoders["image"].backbone.relu, nn.ReLU)
    with torch.inference_mode():
        torch.testing.assert_close(short.encoders["image"](film), before, atol=1e-5, rtol=1e-5)


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
