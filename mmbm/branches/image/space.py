"""Maps over the pixels of a chest X-ray as the image branch reads it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from mmbm.branches.image.prepare import PreparedImage
from mmbm.branches.parts import WHOLE, spread
from mmbm.branches.space import InputSpace, Opened, Scene, noisy, phase_noise, stretched

__all__ = ["PIXELS", "Pixels"]

BLUR = 16  # the blur's width as a part of the film's side
TILES = 16  # a side of the film


class Pixels(InputSpace):
    """The film's greys, (1, 1, size, size) in [-1, 1]; the lungs, a second plane, stay."""

    over = "pixels"
    baselines = {
        "blur": "the film, blurred",
        "grey": "a film of one even grey",
        "noise": "noise of the film's own spectrum",
    }
    methods = (
        "DeepLIFT",
        "Integrated Gradients",
        "GradientShap",
        "Occlusion",
        "Grad-CAM",
        "Saliency",
        "Input x Gradient",
    )
    growth = 300
    step = 1 / 255  # half a step of an 8-bit film, whose greys span 2

    def open(self, scene: Scene) -> Opened:
        (film,) = scene.tensors
        greys, lungs = film[:, :1], film[:, 1:]

        def score(rows: Tensor) -> Tensor:
            return scene.contribution(torch.cat([rows, lungs.expand(len(rows), -1, -1, -1)], 1))

        return Opened(
            greys,
            score,
            {
                "blur": lambda: blurred(greys),
                "grey": lambda: torch.zeros_like(greys),
                "noise": lambda: phase_noise(greys, 2),
            },
        )

    def grid(self, given: Tensor, prepared: Any) -> tuple[int, ...]:
        return (min(TILES, given.shape[-2]), min(TILES, given.shape[-1]))

    def units(self, given: Tensor, prepared: Any) -> Tensor:
        down, across = (torch.arange(n) * min(TILES, n) // n for n in given.shape[-2:])
        return down[:, None] * (int(across[-1]) + 1) + across

    def faded(self, given: Tensor, prepared: Any, masks: Tensor) -> Tensor:
        size = (given.shape[-2], given.shape[-1])
        return stretched(masks, self.grid(given, prepared), size)[:, None]

    def placed(self, values: Tensor, prepared: Any) -> tuple[Any, float]:
        pixels = values[0].numpy()
        size = prepared.tensors[0].shape[-1]
        if prepared.box != WHOLE or pixels.shape != (size, size):
            pixels = spread(pixels, prepared.box, size)
        return pixels.astype("float32"), 0.0

    def rounded(self, prepared: Any, draw: torch.Generator) -> PreparedImage:
        (film,) = prepared.tensors
        moved = noisy(film[:, :1], self.step, draw)
        planes = torch.cat([moved, film[:, 1:]], 1)  # the lungs stay
        return PreparedImage((planes,), prepared.warnings, prepared.film)


def blurred(film: Tensor) -> Tensor:
    """The film under a tent a sixteenth of its side wide: what is left is its light and shade."""
    width = film.shape[-1] // BLUR * 2 + 1
    for across in ((width, 1), (1, width)) * 2:  # one axis after the other, a mean of means
        reach = (across[0] // 2, across[1] // 2)
        film = avg_pool2d(film, across, 1, reach, count_include_pad=False)
    return film


PIXELS = Pixels()
