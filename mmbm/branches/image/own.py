"""The image encoder's net from a folder: a vision net of transformers, or weights of timm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from mmbm.branches.branch import Begun
from mmbm.branches.from_folder import FAULTS, built, open_net, parts_of, pickled, read_about
from mmbm.branches.image.config import ImageConfig
from mmbm.branches.image.encoder import timm_net
from mmbm.errors import ConfigError
from mmbm.text import sentence

__all__ = ["Coloured", "VisionNet", "begun_from_folder"]

Held = TypeVar("Held", dict[str, Any], list[Any])
PREFIX = 16  # tokens before the patches, at most: of a class, of its teacher, registers
MOST_SIDE = 128  # patches
EVEN = [0.5]  # mean and deviation of greys in [0, 1] where the folder names none


class Coloured(nn.Module):
    """A net that reads colours, given a grey film in all of them, in the range that it knows."""

    centre: Tensor
    spread: Tensor

    def __init__(self, net: nn.Module, colours: int = 3) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("centre", torch.full((colours,), 0.5))  # of greys in [0, 1]
        self.register_buffer("spread", torch.full((colours,), 0.5))

    def coloured(self, film: Tensor) -> Tensor:
        """(batch, 1, size, size) in [-1, 1] -> (batch, colours, size, size)."""
        centre, spread = (buffer[:, None, None] for buffer in (self.centre, self.spread))
        return (0.5 * film + 0.5 - centre) / spread

    def forward(self, film: Tensor) -> Any:
        """(batch, 1, size, size) in [-1, 1] -> [(batch, channels, height, width)]."""
        return self.net(self.coloured(film))


class VisionNet(Coloured):
    """A vision net of transformers: its patches, or its last feature map, as cells."""

    def __init__(self, config: ImageConfig) -> None:
        net = built(config.transformer or {})
        super().__init__(net, int(getattr(net.config, "num_channels", 3)))
        patch = getattr(net.config, "patch_size", 0)
        if isinstance(patch, int) and 0 < patch * MOST_SIDE < config.size:
            raise ConfigError(sentence("encoder.cells"))
        film = torch.zeros(1, 1, config.size, config.size)
        was, self.first = net.training, 0
        with torch.no_grad():
            states = net.eval()(pixel_values=self.coloured(film)).last_hidden_state
        net.train(was)
        if states.ndim == 3:
            patches = _patches(states.shape[1], config.size, patch)
            if patches is None:
                raise ConfigError(sentence("encoder.cells"))
            self.first = states.shape[1] - patches
        elif states.ndim != 4:
            raise ConfigError(sentence("encoder.cells"))
        self.channels = int(states.shape[2 if states.ndim == 3 else 1])

    def forward(self, film: Tensor) -> list[Tensor]:
        """(batch, 1, size, size) in [-1, 1] -> [(batch, channels, height, width)]."""
        states: Tensor = self.net(pixel_values=self.coloured(film)).last_hidden_state
        if states.ndim == 3:  # (batch, tokens, channels), row by row
            cells = states[:, self.first :].mT
            side = math.isqrt(cells.shape[2])
            states = cells.reshape(*cells.shape[:2], side, side)
        return [states]


def _patches(tokens: int, size: int, patch: Any) -> int | None:
    """How many of a net's tokens are places of a square film; those come last."""
    side = size // patch if isinstance(patch, int) and patch > 0 else 0
    for many in (side**2, tokens):
        if many and 0 <= tokens - many <= PREFIX and math.isqrt(many) ** 2 == many:
            return many
    return None


def begun_from_folder(settings: ImageConfig) -> Begun:
    """What a run begins with whose image encoder is a net from a folder.

    Raises
    ------
    ConfigError
        The folder does not hold one.
    """
    folder = Path(settings.folder)
    if settings.encoder == "backbone":
        return _of_timm(settings, folder)
    opened = open_net(settings)
    size = getattr(opened.config, "image_size", None)
    size = size[0] if isinstance(size, list | tuple) and len(set(size)) == 1 else size
    known = {"folder": folder.name, "transformer": opened.about}
    own = _checked(settings, known | ({"size": size} if isinstance(size, int) else {}))
    colours = len(VisionNet(own).centre)
    scaling = _scaling(opened.prepared, "image_mean", "image_std", colours)
    if not opened.normalised:
        scaling = {"centre": torch.zeros(colours), "spread": torch.ones(colours)}
    return Begun(own, None, _named(opened.weights, scaling))


def _of_timm(settings: ImageConfig, folder: Path) -> Begun:
    """A folder as timm's ``save_for_hf`` writes one: the architecture's name, and safetensors."""
    about, file = read_about(folder, "config.json"), folder / "model.safetensors"
    refusal = sentence("encoder.timm_folder", folder=folder.name)
    if not file.is_file() and (weights := pickled(folder)):
        raise ConfigError(weights)
    if about is None or not file.is_file() or not isinstance(about.get("architecture"), str):
        raise ConfigError(refusal)
    prepared, given = (_held(about, key, {}) for key in ("pretrained_cfg", "model_args"))
    known: dict[str, Any] = {"folder": folder.name, "backbone": about["architecture"]}
    if "feature_level" not in settings.model_fields_set:
        known["feature_level"] = -1
    size = given.get("img_size") or _held(prepared, "input_size", [])[-1:]
    if "size" not in settings.model_fields_set and size:
        known["size"] = size if isinstance(size, int) else size[0]
    own = _checked(settings, known)
    try:
        import timm

        like = {key: given[key] for key in ("img_size", "in_chans", "global_pool") if key in given}
        classes = about.get("num_classes", 0)  # its head too is in the file: nothing may lack
        timm.create_model(own.backbone, checkpoint_path=str(file), num_classes=classes, **like)
        net, _ = timm_net(own.backbone, own.feature_level, own.size, colours=3, file=file)
    except FAULTS as exc:
        raise ConfigError(refusal) from exc
    return Begun(own, None, _named(net.state_dict(), _scaling(prepared, "mean", "std", 3)))


def _held(about: Mapping[str, Any], key: str, none: Held) -> Held:
    """What stands there, ``none`` where it is of another kind."""
    found = about.get(key)
    return found if isinstance(found, type(none)) else none


def _named(weights: Mapping[str, Tensor], scaling: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a net and how greys are scaled, by their names in the encoder."""
    return parts_of("backbone.net", weights) | parts_of("backbone", scaling)


def _checked(settings: ImageConfig, known: Mapping[str, Any]) -> ImageConfig:
    """The settings with what the folder says. Raises ConfigError."""
    return ImageConfig.parse(settings.model_dump(exclude_unset=True) | dict(known))


def _scaling(prepared: Mapping[str, Any], mean: str, std: str, colours: int) -> dict[str, Tensor]:
    """How the folder scales greys in [0, 1]; evenly where it does not say."""
    found = []
    for key in (mean, std):
        numbers = prepared.get(key)
        if not (
            isinstance(numbers, list)
            and len(numbers) in (1, colours)
            and all(isinstance(n, int | float) and 0 <= n <= 1 for n in numbers)
        ):
            numbers = EVEN
        found.append(torch.tensor(numbers).float().expand(colours).clone())
    return {"centre": found[0], "spread": found[1].clamp(min=1e-3)}
