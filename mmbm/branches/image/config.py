"""Settings of the image branch."""

from __future__ import annotations

import re
from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from mmbm.config import NetSettings
from mmbm.text import sentence

__all__ = ["ImageConfig"]

BACKBONE = re.compile(r"(torchvision/)?[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


class ImageConfig(NetSettings):
    """The image branch."""

    families: ClassVar[tuple[str, ...]] = (
        "beit", "bit", "clip_vision_model", "convnext", "convnextv2", "cvt", "data2vec-vision",
        "deit", "dinov2", "dinov2_with_registers", "dinov3_convnext", "dinov3_vit", "efficientnet",
        "focalnet", "ijepa", "levit", "mobilenet_v1", "mobilenet_v2", "mobilevit", "mobilevitv2",
        "poolformer", "regnet", "resnet", "segformer", "siglip_vision_model", "swin", "swinv2",
        "vit", "vit_msn",
    )  # fmt: skip

    encoder: Literal["backbone", "transformers"] = "backbone"
    """`backbone`: the net that `backbone` names, its weights from `folder` where timm has written
    one; `transformers`: the net in `folder`, whose patches are the places of the map."""
    backbone: str = "tf_efficientnet_lite0"
    """Any timm name, or "torchvision/" and one of its names."""
    feature_level: int = Field(default=3, ge=-1, le=7)
    """Which feature map of the backbone is read: 3 has stride 16, 4 has stride 32, -1 is the last
    one, as for a vision transformer."""
    size: int = Field(default=224, ge=32, le=1024)
    """Pixels a side that the backbone reads; a net from a folder brings its own."""
    lungs: bool = False
    """Cut the X-ray out around its lungs and take features from them alone."""
    lung_finder: str = Field(default="", max_length=4096)
    """The folder that ``mmbm train-lungs`` wrote; "": the finder that comes with the program."""
    cycles: float = Field(default=0.0, ge=0.0, le=1024.0)
    """Bring every X-ray to one power spectrum up to so many cycles over it; 0: leave it."""
    greys: Literal["shown", "stored"] = "shown"
    """Read what is shown, by the rank of its greys; or the values stored, borders cut off."""

    @field_validator("backbone")
    @classmethod
    def _at_hand(cls, name: str) -> str:
        """A library's own name: one with a colon or a slash would be fetched from elsewhere."""
        if not BACKBONE.fullmatch(name):
            raise ValueError(sentence("config.backbone"))
        return name

    @model_validator(mode="after")
    def _one_cut(self) -> Self:
        if self.greys == "stored" and (self.lungs or self.cycles):
            raise ValueError(sentence("config.stored_greys"))
        return self
