from __future__ import annotations

import pytest
import torch
from captum.attr import DeepLift
from torch import nn
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

from mmbm.explain.attribution.deeplift import rescale
from mmbm.explain.attribution.gates import run_gru


class Small(nn.Module):
    """Layers that both implementations know."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.layers = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(4, 3, 3), nn.Tanh()
        )
        self.end = nn.Linear(3 * 2 * 2, 1)

    def forward(self, film):
        return self.end(self.layers(film).flatten(1))[:, 0]


def pair(*shape):
    draw = torch.Generator().manual_seed(2)
    return torch.randn(shape, generator=draw), torch.randn(shape, generator=draw)


def test_one_unit_by_hand():
    """relu6(2 x - 1) from x0 = 0 (value 0) to x = 5 (value 6, not 9): the whole change is x's."""
    unit = nn.Sequential(nn.Linear(1, 1), nn.ReLU6(inplace=True))
    nn.init.constant_(unit[0].weight, 2.0)
    nn.init.constant_(unit[0].bias, -1.0)
    found = rescale(unit, lambda x: unit(x)[:, 0], torch.tensor([[5.0]]), torch.tensor([[0.0]]))
    assert float(found.values) == pytest.approx(6.0) and found.explained == pytest.approx(6.0)
    assert unit[1].inplace  # as it was


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
def test_the_map_is_captums():
    net = Small().eval()
    film, baseline = pair(1, 1, 8, 8)
    ours = rescale(net, net, film, baseline).values
    theirs = DeepLift(net).attribute(film.clone().requires_grad_(), baseline)
    assert torch.allclose(ours, theirs, atol=1e-5)


class Normed(nn.BatchNorm2d):
    """A batch norm with its nonlinearity inside, as timm builds them."""

    def __init__(self, channels):
        super().__init__(channels)
        self.act = nn.ReLU6(inplace=True)

    def forward(self, cells):
        return self.act(super().forward(cells))


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
@pytest.mark.parametrize("inside", [True, False])
def test_batch_norm_is_linear_whatever_stands_inside_it(inside):
    torch.manual_seed(5)
    norm, bend = (Normed(4), nn.Identity()) if inside else (nn.BatchNorm2d(4), nn.ReLU())
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2.0)
    nn.init.normal_(norm.weight)
    layers = (nn.Conv2d(1, 4, 3), norm, bend, nn.Flatten(), nn.Linear(4 * 36, 1))
    net = nn.Sequential(*layers).eval()
    film, baseline = pair(1, 1, 8, 8)
    ours = rescale(net, lambda x: net(x)[:, 0], film, baseline)
    assert float(ours.values.sum()) == pytest.approx(ours.explained, abs=1e-5)
    if not inside:  # Captum knows no ReLU6
        theirs = DeepLift(net).attribute(film.clone().requires_grad_(), baseline)
        assert torch.allclose(ours.values, theirs, atol=1e-5)
    assert float(ours.values.abs().sum()) > 0.01


def test_max_pooling_by_hand():
    """From (0, 3) to (5, 1) the maximum rises from 3 to 5: by 2, due to the first alone."""
    pool = nn.Sequential(nn.MaxPool2d((1, 2)))
    given, baseline = torch.tensor([[[[5.0, 1.0]]]]), torch.tensor([[[[0.0, 3.0]]]])
    up = rescale(pool, lambda x: pool(x).flatten(), given, baseline)
    assert up.values.flatten().tolist() == pytest.approx([2.0, 0.0]) and up.explained == 2.0
    down = rescale(pool, lambda x: pool(x).flatten(), baseline, given)  # 5 to 3: the first's fall
    assert down.values.flatten().tolist() == pytest.approx([-2.0, 0.0]) and down.explained == -2.0


def gru(layers=2, both=True):
    torch.manual_seed(3)
    net = nn.GRU(5, 4, layers, batch_first=True, bidirectional=both).eval()
    for weight in net.parameters():
        nn.init.normal_(weight, std=0.7)
    return net


@pytest.mark.parametrize("both", [True, False])
def test_a_gru_hands_its_change_on_in_full(both):
    net = gru(both=both)
    sequence, baseline = pair(7, 5)
    target = torch.randn(7, 8 if both else 4, generator=torch.Generator().manual_seed(4))
    end, start = (net(s[None])[0][0].detach() for s in (sequence, baseline))
    leaf = sequence.clone().requires_grad_()
    handed = run_gru(net, torch.stack([sequence, baseline])).handed(leaf)
    assert torch.allclose(handed, end, atol=1e-6)
    (multipliers,) = torch.autograd.grad((handed * target).sum(), leaf)
    shares = multipliers * (sequence - baseline)
    assert float(shares.sum()) == pytest.approx(float(((end - start) * target).sum()), abs=1e-4)


def test_a_gru_close_to_its_baseline_has_its_gradients():
    """The rule's slopes become derivatives where the two runs meet."""
    net = gru().double()
    sequence = pair(6, 5)[0].double()
    baseline = sequence + 1e-3
    leaf = sequence.clone().requires_grad_()
    (true,) = torch.autograd.grad(net(leaf[None])[0].sum(), leaf)
    handed = run_gru(net, torch.stack([sequence, baseline])).handed(leaf)
    (ours,) = torch.autograd.grad(handed.sum(), leaf)
    assert torch.allclose(ours, true, rtol=0.01, atol=0.01)


def test_a_packed_gru_within_a_net():
    net = gru()
    sequence, baseline = pair(7, 5)

    def score(rows):
        states = pad_packed_sequence(net(pack_sequence(list(rows)))[0], batch_first=True)[0]
        return states.sum((1, 2))

    found = rescale(net, score, sequence[None], baseline[None])
    assert float(found.values.sum()) == pytest.approx(found.explained, abs=1e-4)
