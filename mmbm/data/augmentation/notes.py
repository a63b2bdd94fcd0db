"""What training does to a note: one token in twenty becomes unknown, as rare words will be."""

from __future__ import annotations

from dataclasses import replace

import torch

from mmbm.branches.notes.prepare import Tokens
from mmbm.data.augmentation.example import Example, Plan

__all__ = ["Reader"]

UNKNOWN = 0.05  # of all tokens


class Reader:
    """Makes of a case's note what one step of training reads of it."""

    def __init__(self, config: Plan) -> None:
        self.unknown = config.model.notes.unknown

    def __call__(self, example: Example) -> Example:
        """The note with some tokens unknown. Draws from torch's global generator."""
        tokens: Tokens = example.parts["notes"]
        drop = torch.rand(len(tokens.ids)) < UNKNOWN
        ids = [self.unknown if d else i for i, d in zip(tokens.ids, drop.tolist(), strict=True)]
        return replace(example, parts=example.parts | {"notes": tokens._replace(ids=ids)})
