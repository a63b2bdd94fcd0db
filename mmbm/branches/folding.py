"""Convolutional nets in a form that reads faster: fewer steps and copies, the same numbers.

In eval mode a batch norm is a scale and a shift, and so is what it does to a convolution's output:
one step instead of two, with the same numbers but for rounding. On a CPU two kinds of convolution
are done in another way, with the same numbers (``benchmarks/case_time.py`` tells what it is worth).
"""

from __future__ import annotations

from itertools import pairwise

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


def lean(module: nn.Module) -> nn.Module:
    """Do in place, on a CPU, with fewer copies what can be; returns the module."""
    for name, child in module.named_children():
        if isinstance(child, Pointwise | Halving):  # the net is folded already
            continue
        if not isinstance(child, nn.Conv2d):
            lean(child)
        elif child.kernel_size == (1, 1) and child.stride == (1, 1) and child.groups == 1:
            setattr(module, name, Pointwise(child))
        elif type(child).__name__ == "Conv2dSame" and child.stride == (2, 2):  # timm's
            setattr(module, name, Halving(child))
    return module


class Pointwise(nn.Module):
    """A 1 x 1 convolution as the product of matrices that it is, channels last throughout."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.convolution = convolution

    def forward(self, cells: Tensor) -> Tensor:
        """(batch, channels, height, width) -> the same of other channels."""
        if not cells.is_cpu:
            return self.convolution(cells)  # type: ignore[no-any-return]
        weight, bias = self.convolution.weight[:, :, 0, 0], self.convolution.bias
        return linear(cells.permute(0, 2, 3, 1), weight, bias).permute(0, 3, 1, 2)


class Halving(nn.Module):
    """A convolution of stride 2, padded as TensorFlow does it, without a padded copy.

    There an even side is padded by one less before it than behind it. A kernel that begins with a
    row and a column of zeros does the same on cells padded alike all round.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.convolution = convolution

    def forward(self, cells: Tensor) -> Tensor:
        """(batch, channels, height, width) -> (batch, channels, half, half)."""
        convolution, (side, _) = self.convolution, self.convolution.kernel_size
        if not cells.is_cpu or cells.shape[-2] % 2 or cells.shape[-1] % 2:
            return convolution(cells)  # type: ignore[no-any-return]
        kernel = pad(convolution.weight, (1, 0, 1, 0))
        around = (side - 1) // 2
        return conv2d(cells, kernel, convolution.bias, 2, around, 1, convolution.groups)
