"""The lung finder: where the lung fields of a frontal chest film lie, or that there are none.

A small U-Net (Ronneberger, Fischer & Brox, MICCAI 2015) on 128 x 128 pixels. It tells a chest film
from other pictures, lets the image branch read the lungs alone, and lets the account say how much
of the image's evidence lies there.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from scipy.ndimage import label
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from mmbm.branches.folding import fold, lean
from mmbm.branches.parts import WHOLE, Box
from mmbm.errors import ModelError
from mmbm.storage import assets_folder, checksum, checksums, sign, take
from mmbm.storage.tensors import fill, to_store
from mmbm.text import Sentence, sentence

__all__ = [
    "LEAST",
    "SIDE",
    "LungFinder",
    "LungNet",
    "Lungs",
    "lung_cue",
    "lung_digest",
    "shipped",
]

SIDE = 128  # pixels
LEAST = 0.10  # of the picture: hardly any chest film shows less, some other pictures do
SECOND = 0.25  # the second field counts from this part of the first one's area
MARGIN = 0.06  # of the lungs' height and width, left around them
CHANNELS = (12, 24, 48, 96, 96)


def block(into: int, out: int) -> nn.Sequential:
    """Two convolutions."""
    return nn.Sequential(
        nn.Conv2d(into, out, 3, padding=1, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
        nn.Conv2d(out, out, 3, padding=1, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    )


class LungNet(nn.Module):
    """U-Net of 0.7 million weights: film -> logit that a pixel is lung."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            block(i, o) for i, o in zip((1, *CHANNELS[:-1]), CHANNELS, strict=True)
        )
        self.up = nn.ModuleList(
            block(deep + side, side)
            for deep, side in zip(CHANNELS[:0:-1], CHANNELS[-2::-1], strict=True)
        )
        self.out = nn.Conv2d(CHANNELS[0], 1, 1)

    def forward(self, film: Tensor) -> Tensor:
        """(batch, 1, SIDE, SIDE) float32 in [-1, 1] -> logits, (batch, 1, SIDE, SIDE)."""
        kept: list[Tensor] = []
        for layer in self.down:
            film = layer(max_pool2d(film, 2) if kept else film)
            kept.append(film)
        for layer, beside in zip(self.up, kept[-2::-1], strict=True):
            wide = interpolate(film, scale_factor=2, mode="bilinear")
            film = layer(torch.cat([wide, beside], 1))
        logits: Tensor = self.out(film)
        return logits


@dataclass(frozen=True, eq=False)
class Lungs:
    """The lung fields of one picture, heart shadow over the lung included."""

    mask: NDArray[np.bool_]  # (SIDE, SIDE) over the whole picture

    @cached_property
    def area(self) -> float:
        """Part of the picture, 0 to 1."""
        return float(self.mask.mean())

    @property
    def found(self) -> bool:
        """Whether there is enough of them to speak of a chest film."""
        return self.area >= LEAST

    @cached_property
    def fields(self) -> NDArray[np.float32]:
        """The mask widened by a pixel, (SIDE, SIDE), 0 or 1; all of it where none are found."""
        if not self.found:
            return np.ones((SIDE, SIDE), dtype=np.float32)
        mask = torch.from_numpy(self.mask).float()[None, None]
        return np.asarray(max_pool2d(mask, 3, 1, 1)[0, 0].numpy())

    def within(self, part: Box) -> Lungs:
        """These lungs, found in a part of a picture, in all of it."""
        if part == WHOLE:
            return self
        middle = (np.arange(SIDE) + 0.5) / SIDE
        down, across = (
            np.floor((middle - first) / (last - first) * SIDE).astype(np.int64)
            for first, last in ((part.top, part.bottom), (part.left, part.right))
        )
        inside = [(place >= 0) & (place < SIDE) for place in (down, across)]
        mask = self.mask[down.clip(0, SIDE - 1)][:, across.clip(0, SIDE - 1)]
        return Lungs(mask & inside[0][:, None] & inside[1])

    @property
    def warnings(self) -> tuple[Sentence, ...]:
        """What the reader should know of them."""
        return () if self.found else (sentence("image.no_lungs"),)

    @cached_property
    def box(self) -> Box:
        """What holds the lungs with a margin; the whole picture where none are found."""
        if not self.found:
            return WHOLE
        rows, columns = (np.asarray(self.mask.any(axis)) for axis in (1, 0))
        return Box(*_edges(rows), *_edges(columns))


def _edges(any_lung: NDArray[np.bool_]) -> tuple[float, float]:
    """First and last row or column with lung in it, margin included, as parts of the side."""
    lung = np.flatnonzero(any_lung)
    first, last = int(lung[0]) / SIDE, (int(lung[-1]) + 1) / SIDE
    margin = MARGIN * (last - first)
    return max(first - margin, 0.0), min(last + margin, 1.0)


def lung_cue(area: float) -> dict[str, float]:
    """How strange a picture with so little of lung is; 1 at the limit. Nothing where it is NaN."""
    return {} if area != area else {"lungs": LEAST / max(area, LEAST / 2)}


class LungFinder:
    """A trained :class:`LungNet` on the CPU; ``leaner`` is the form of it that reads."""

    def __init__(self, net: LungNet) -> None:
        self.net = net.eval().requires_grad_(False)
        self.leaner = lean(fold(copy.deepcopy(self.net))).to(memory_format=torch.channels_last)

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Load from ``folder``, or the one that is shipped.

        Raises
        ------
        ModelError, ModelTampered
            Files missing, damaged, or not those that the card describes.
        """
        folder = folder or assets_folder() / "lungs"
        content = take(folder, "model.safetensors")
        if content is None:
            raise ModelError(sentence("model.lung_finder", folder=folder.name))
        return cls.from_bytes(content, sentence("model.lung_finder_file"))

    @classmethod
    def from_bytes(cls, content: bytes, what: Sentence) -> Self:
        """Read what ``to_bytes`` gave. Raises ModelError, calling the file ``what``."""
        net = LungNet()
        fill(net, content, what)
        return cls(net)

    def to_bytes(self) -> bytes:
        """The weights as a safetensors file, float16."""
        return save(to_store(self.net))

    @cached_property
    def digest(self) -> str:
        """The sha256 of the weights as they are stored."""
        return checksum(self.to_bytes())

    def save(self, folder: Path, facts: dict[str, Any]) -> None:
        """Write weights and card; ``facts`` are further entries of the card."""
        folder.mkdir(parents=True, exist_ok=True)
        card = {"name": "lung-finder"} | facts
        (folder / "model.safetensors").write_bytes(self.to_bytes())
        (folder / "card.json").write_text(json.dumps(card, indent=2), encoding="utf-8")
        sign(folder)

    @torch.inference_mode()
    def find(self, square: Tensor) -> Lungs:
        """The lung fields of an equalised film, (1, SIDE, SIDE) float32 in [-1, 1], air dark."""
        with one_thread():
            lung = (self.leaner(square[None])[0, 0] > 0).numpy()
        return Lungs(two_fields(lung))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread in here, whoever asks.

    More take longer for so small a net, and far longer where a core is busy: each of its steps
    waits for all of them.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def lung_digest() -> str:
    """The sha256 of the shipped finder's weights, as its checksums give it; "" without one."""
    try:
        return checksums(assets_folder() / "lungs").get("model.safetensors", "")
    except ModelError:
        return ""


@cache
def shipped() -> LungFinder:
    """The finder that comes with the program, read once."""
    return LungFinder.load()


def two_fields(lung: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the largest 4-connected region, and the second if it is of a like size."""
    regions, _ = label(lung)
    sizes = np.bincount(regions.flat, minlength=2)[1:]
    largest = np.argsort(-sizes, kind="stable")[:2]
    like = [1 + region for region in largest if sizes[region] >= SECOND * sizes.max()]
    kept: NDArray[np.bool_] = lung & np.isin(regions, like)
    return kept
