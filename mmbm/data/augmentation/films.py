"""What training does to a film: as another hospital might have made it, at times with an opacity.

Where an opacity was boxed, or is drawn in, its place moves with the film.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mmbm.data.augmentation.example import Example, Plan
from mmbm.data.augmentation.spoil import augment_film, chance
from mmbm.data.corpus import Corpus
from mmbm.data.located import box_mask
from mmbm.data.synthesis.opacity import draw_opacity
from mmbm.errors import ConfigError
from mmbm.text import sentence

__all__ = ["Viewer", "mix_films"]


class Viewer:
    """Makes of a case's film what one step of training sees of it.

    Raises
    ------
    ConfigError
        Opacities to draw in, and no lungs to draw them into.
    """

    def __init__(self, corpus: Corpus, config: Plan) -> None:
        if config.opacities and corpus.films.shape[1] == 1:
            raise ConfigError(sentence("train.opacities"))
        self.corpus, self.opacities = corpus, config.opacities
        boxes = corpus.manifest.rows["boxes"]
        self.boxed = bool(config.localise) and bool((boxes != "").any())
        self.located = self.boxed or bool(config.opacities)
        known = {"pneumonia": 1.0, "no_finding": 0.0}
        self.opaque = torch.tensor([known.get(f, math.nan) for f in config.model.findings])
        """(findings,) the labels of a film with a drawn opacity."""

    def __call__(self, example: Example) -> Example:
        """The film changed, and where its opacity lies. Draws from torch's global generator."""
        square: Tensor = example.parts["image"]  # (planes, size, size) in [0, 1]
        if not self.located:
            film = augment_film(square, self.corpus.image)
            return replace(example, parts=example.parts | {"image": film})
        labels, drawn = example.labels, None
        healthy = bool((labels == 1 - self.opaque).any())
        if healthy and chance(self.opacities):
            drawn = draw_opacity(square)
        if drawn is not None:
            labels = self.opaque
        else:
            boxes = self.corpus.boxes(example.case) if self.boxed else ()
            drawn = torch.cat([square, box_mask(boxes, *square.shape[1:])[None]])
        film = augment_film(drawn, self.corpus.image)
        return replace(
            example,
            parts=example.parts | {"image": film[:-1]},
            where=example.where | {"image": film[-1]},
            labels=labels,
        )


def mix_films(examples: Sequence[Example], alpha: float) -> list[Example]:
    """Blend half of the films with one of the same labels from another source.

    The labels stay true and the source is blurred. A blended film has no known place: the other
    one may show its opacity elsewhere. Draws from torch's global generator.
    Source: Yao et al., Improving Out-of-Distribution Robustness via Selective Augmentation,
    ICML 2022 (intra-label LISA).
    """
    mixed = list(examples)
    blend = torch.distributions.Beta(alpha, alpha)
    filmed = {n: _known(e.labels) for n, e in enumerate(examples) if "image" in e.parts}
    for n, known in filmed.items():
        one = examples[n]
        others = [o for o, k in filmed.items() if k == known and examples[o].source != one.source]
        if others and torch.rand(()) < 0.5:
            other = examples[others[int(torch.randint(len(others), ()))]]
            share = blend.sample()
            film = share * one.parts["image"] + (1 - share) * other.parts["image"]
            where = {m: torch.zeros_like(w) if m == "image" else w for m, w in one.where.items()}
            mixed[n] = replace(one, parts=one.parts | {"image": film}, where=where)
    return mixed


def _known(labels: Tensor) -> tuple[int, ...]:
    """(findings,) -> 1 yes or likelier, 0 no, -1 unknown."""
    return tuple(labels.nan_to_num(-1).round().int().tolist())
