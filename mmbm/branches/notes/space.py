"""Maps over the words of a note."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mmbm.branches.notes.evidence import words
from mmbm.branches.notes.prepare import PAD_ID
from mmbm.branches.space import InputSpace, Opened, Scene

__all__ = ["WORDS", "WordSpace"]


class WordSpace(InputSpace):
    """The embedded tokens, (1, tokens, embedding)."""

    over = "words"
    baselines = {"unknown": "a note of unknown words", "blank": "a note of blanks"}
    methods = ("DeepLIFT", "Layer Integrated Gradients", "Word occlusion")
    complete = "Layer Integrated Gradients"
    growth = 30

    def open(self, scene: Scene) -> Opened:
        ids, lengths = scene.tensors
        embed: nn.Module = scene.encoder.embed  # type: ignore[assignment]
        unknown = scene.settings.unknown

        def embedded(tokens: Tensor) -> Tensor:
            with torch.no_grad():
                return embed(tokens)  # type: ignore[no-any-return]

        def score(vectors: Tensor) -> Tensor:
            hook = embed.register_forward_hook(lambda *_: vectors)
            try:
                rows = len(vectors)
                return scene.contribution(ids.expand(rows, -1), lengths.expand(rows))
            finally:
                hook.remove()

        return Opened(
            embedded(ids),
            score,
            {
                "unknown": lambda: embedded(torch.full_like(ids, unknown)),
                "blank": lambda: embedded(torch.full_like(ids, PAD_ID)),
            },
        )

    def grid(self, given: Tensor, prepared: Any) -> tuple[int, ...]:
        return (int(self.units(given, prepared).max()) + 1,)

    def units(self, given: Tensor, prepared: Any) -> Tensor:
        """A word is a unit, all its pieces."""
        of_token: Tensor = torch.unique(torch.tensor(prepared.tokens.words), return_inverse=True)[1]
        return of_token[:, None]

    def placed(self, values: Tensor, prepared: Any) -> tuple[Any, float]:
        all_words = words(prepared.tokens, values.sum(-1).numpy()[None])[0]
        shown = tuple(word for word in all_words if word.end > word.start)
        return shown, sum(word.share for word in all_words if word.end == word.start)


WORDS = WordSpace()
