"""Batch norms taken into the convolutions before them, for a net that only reads.

In eval mode a batch norm is a scale and a shift, and so is what it does to a convolution's output:
one step instead of two, with the same numbers but for rounding.
"""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mmbm.model.network import MultimodalBigModel

__all__ = ["folded"]

CLOSE = 1e-3  # of cells that are a few units wide


@torch.no_grad()
def folded(network: MultimodalBigModel) -> MultimodalBigModel:
    """A copy, in eval mode on the CPU, with the norms of its image encoder's backbone folded.

    Modules stand in the order in which they are called in all nets but a few; where they do not,
    the copy would say something else, and is given with its norms as they were.
    """
    network = copy.deepcopy(network).cpu().eval()
    encoder, side = network.image_encoder, network.config.image.size
    backbone = encoder.backbone
    film = torch.linspace(-1, 1, side * side).view(1, 1, side, side)
    before = encoder(film)
    encoder.backbone = _fold(copy.deepcopy(backbone))
    if not torch.allclose(encoder(film), before, rtol=CLOSE, atol=CLOSE):
        encoder.backbone = backbone
    return network


def _fold(module: nn.Module) -> nn.Module:
    """Fold in place each norm that stands behind a convolution; returns the module."""
    for (before, convolution), (after, norm) in pairwise(list(module.named_children())):
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            setattr(module, before, fuse_conv_bn_eval(convolution, norm))
            setattr(module, after, getattr(norm, "act", nn.Identity()))  # timm's norms end in one
    for child in module.children():
        _fold(child)
    return module
