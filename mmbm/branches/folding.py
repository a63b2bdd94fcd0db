"""Convolutional nets in a form that reads faster: fewer steps and copies, the same numbers.

In eval mode a batch norm is a scale and a shift, and so is what it does to a convolution's output:
one step instead of two, with the same numbers but for rounding. On a CPU a convolution and the
ReLU behind it are one step of oneDNN as well, with weights laid out for it once; where there is no
oneDNN, or not in inference mode, two kinds of convolution are done in another way. The numbers are
the same but for rounding (``benchmarks/case_time.py`` tells what it is worth).
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, linear, pad
from torch.nn.utils.fusion import fuse_conv_bn_eval

__all__ = ["fold", "lean"]


def fold(module: nn.Module) -> nn.Module:
    """Fold in place each norm that stands behind a convolution; returns the module.

    Modules stand in the order in which they are called in all nets but a few; where they do not,
    the net says something else then.
    """
    for (before, convolution), (after, norm) in pairwise(list(module.named_children())):
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            setattr(module, before, fuse_conv_bn_eval(convolution, norm))
            setattr(module, after, getattr(norm, "act", nn.Identity()))  # timm's norms end in one
    for child in module.children():
        fold(child)
    return module


def lean(module: nn.Module, *, bounds: bool = True) -> nn.Module:
    """Do in place, on a CPU, with fewer steps and copies what can be; returns the module.

    ``bounds`` makes one step of a convolution and the ReLU behind it: there too modules stand in
    the order in which they are called, but for a ReLU that is called more than once.
    """
    before: Packed | None = None  # a convolution with nothing behind it so far
    for name, child in module.named_children():
        if isinstance(child, Packed):  # the net is folded already
            before = None
        elif isinstance(child, nn.Conv2d):
            before = _packed(child)
            if before is not None:
                setattr(module, name, before)
        elif bounds and before is not None and isinstance(child, nn.ReLU | nn.Hardtanh):
            before.bound = child
            setattr(module, name, nn.Identity())
            before = None
        elif not isinstance(child, nn.Identity):
            lean(child, bounds=bounds)
            before = None
    return module


def _packed(convolution: nn.Conv2d) -> Packed | None:
    """The leaner form of a convolution; None where it has none."""
    if type(convolution).__name__ == "Conv2dSame":  # timm's
        return Packed(Halving(convolution)) if convolution.stride == (2, 2) else None
    if type(convolution) is not nn.Conv2d or convolution.padding_mode != "zeros":
        return None
    once = convolution.stride == (1, 1) and convolution.groups == 1
    if convolution.kernel_size == (1, 1) and convolution.padding == (0, 0) and once:
        return Packed(Pointwise(convolution))
    return None if isinstance(convolution.padding, str) else Packed(Plain(convolution))


class Plain(nn.Module):
    """A convolution as it is; what the leaner ways begin with."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.convolution = convolution

    def fits(self, cells: Tensor) -> bool:
        """Whether :attr:`kernel` and :attr:`around` say the same of such cells."""
        return True

    @property
    def kernel(self) -> Tensor:
        """Its weights, (channels, …, height, width)."""
        return self.convolution.weight

    @property
    def around(self) -> list[int]:
        """Rows and columns of zeros on each side of the cells."""
        return [int(side) for side in self.convolution.padding]

    def forward(self, cells: Tensor) -> Tensor:
        """(batch, channels, height, width) -> the same of other channels."""
        return self.convolution(cells)  # type: ignore[no-any-return]


class Pointwise(Plain):
    """A 1 x 1 convolution as the product of matrices that it is, channels last throughout."""

    def forward(self, cells: Tensor) -> Tensor:
        if not cells.is_cpu:
            return super().forward(cells)
        weight, bias = self.convolution.weight[:, :, 0, 0], self.convolution.bias
        return linear(cells.permute(0, 2, 3, 1), weight, bias).permute(0, 3, 1, 2)


class Halving(Plain):
    """A convolution of stride 2, padded as TensorFlow does it, without a padded copy.

    There an even side is padded by one less before it than behind it. A kernel that begins with a
    row and a column of zeros does the same on cells padded alike all round.
    """

    def fits(self, cells: Tensor) -> bool:
        return cells.shape[-2] % 2 == 0 and cells.shape[-1] % 2 == 0

    @property
    def kernel(self) -> Tensor:
        return pad(self.convolution.weight, (1, 0, 1, 0))

    @property
    def around(self) -> list[int]:
        return [(self.convolution.kernel_size[0] - 1) // 2] * 2

    def forward(self, cells: Tensor) -> Tensor:
        if not cells.is_cpu or not self.fits(cells):
            return super().forward(cells)
        convolution = self.convolution
        around = self.around[0]
        return conv2d(cells, self.kernel, convolution.bias, 2, around, 1, convolution.groups)


class Packed(nn.Module):
    """A convolution and the bound behind it in one step of oneDNN, with weights laid out for it.

    Weights are laid out when cells first come, and stay so: a net in this form is there to read.
    Outside of inference mode, where hooks and gradients may want what lies between, off the CPU and
    without oneDNN it is the two steps that it was.
    """

    def __init__(self, plain: Plain) -> None:
        super().__init__()
        self.plain = plain
        self.bound: nn.Module = nn.Identity()
        self.laid_out: Tensor | None = None

    def __getstate__(self) -> dict[str, Any]:
        """For a copy, whose weights may change: without what was laid out."""
        return self.__dict__ | {"laid_out": None}

    def forward(self, cells: Tensor) -> Tensor:
        """(batch, channels, height, width) -> the same of other channels."""
        if not (_served(cells) and self.plain.fits(cells)):
            return self.bound(self.plain(cells))  # type: ignore[no-any-return]
        convolution, around = self.plain.convolution, self.plain.around
        stride, apart, groups = convolution.stride, convolution.dilation, convolution.groups
        how = (around, stride, apart, groups)
        if self.laid_out is None:
            self.laid_out = _lay_out(self.plain.kernel.detach(), cells, *how)
        return _at_once(cells, self.laid_out, convolution.bias, *how, *_said(self.bound))


def _lay_out(kernel: Tensor, cells: Tensor, *how: Any) -> Tensor:
    """Weights as oneDNN wants them for such cells."""
    laid_out: Tensor = torch.ops.mkldnn._reorder_convolution_weight(kernel, *how, list(cells.shape))
    return laid_out


def _at_once(cells: Tensor, laid_out: Tensor, bias: Tensor | None, *how: Any) -> Tensor:
    """A convolution and its bound."""
    bound: Tensor = torch.ops.mkldnn._convolution_pointwise(cells, laid_out, bias, *how, "")
    return bound


def _served(cells: Tensor) -> bool:
    """Whether oneDNN is there for them, and nobody looks in between."""
    asked = torch.is_inference_mode_enabled() and cells.is_cpu and cells.dtype == torch.float32
    return asked and _at_hand()


@cache
def _at_hand() -> bool:
    """Whether this torch has these operators of oneDNN, which are not public, as they are known."""
    if not torch._C._has_mkldnn:
        return False
    cells, kernel = torch.linspace(-1, 1, 128).view(1, 2, 8, 8), torch.linspace(-1, 1, 36)
    kernel = kernel.view(2, 2, 3, 3)
    how = ([1, 1], [1, 1], [1, 1], 1)
    try:
        found = _at_once(cells, _lay_out(kernel, cells, *how), None, *how, "relu", [])
    except (AttributeError, RuntimeError, TypeError):
        return False
    return bool(torch.allclose(found, conv2d(cells, kernel, padding=1).relu(), atol=1e-5))


def _said(bound: nn.Module) -> tuple[str, list[float]]:
    """A bound as oneDNN calls it."""
    if isinstance(bound, nn.Hardtanh):
        return "hardtanh", [bound.min_val, bound.max_val]
    return ("relu" if isinstance(bound, nn.ReLU) else "none"), []
