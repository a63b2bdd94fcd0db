"""The recurrent net of the notes in a form that ``torch.export`` can trace.

``nn.GRU`` over packed notes cannot be traced for notes of any length. Here each direction is a scan
over the tokens, with the same weights and, to rounding, the same numbers. Pads stand at the end, so
forwards they come too late to matter, and backwards the state stays zero until the first token.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan

from mmbm.branches.notes.encoder import NotesEncoder, token_mask

__all__ = ["exportable"]


class Direction(nn.Module):
    """One layer of a GRU in one direction.

    Source: Cho et al., EMNLP 2014, with the reset gate behind the recurrent product, as torch has
    it.
    """

    weight_ih: Tensor  # (width, 3 x hidden): reset, update, new
    weight_hh: Tensor
    bias_ih: Tensor
    bias_hh: Tensor

    def __init__(self, recur: nn.GRU, layer: int, *, backwards: bool) -> None:
        super().__init__()
        self.backwards = backwards
        ending = f"_l{layer}" + ("_reverse" if backwards else "")
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            weight: Tensor = getattr(recur, name + ending)
            weight = weight.detach().mT if weight.ndim == 2 else weight.detach()
            self.register_buffer(name, weight)

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """(tokens, batch, width), (tokens, batch, 1) -> the states, (tokens, batch, hidden)."""
        given = steps @ self.weight_ih + self.bias_ih
        weight, bias = self.weight_hh, self.bias_hh

        def step(state: Tensor, at: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
            reset, update, new = at[0].chunk(3, -1)
            held_reset, held_update, held_new = (state @ weight + bias).chunk(3, -1)
            keep = torch.sigmoid(update + held_update)
            new = torch.tanh(new + torch.sigmoid(reset + held_reset) * held_new)
            state = (new + keep * (state - new)) * at[1]
            return state, state.clone()

        start = steps.new_zeros(steps.shape[1], weight.shape[0])
        states: Tensor = scan(step, start, (given, mask), reverse=self.backwards)[1]
        return states


class ScannedNotes(nn.Module):
    """A :class:`NotesEncoder` in eval mode, whose layers are scans."""

    def __init__(self, encoder: NotesEncoder) -> None:
        super().__init__()
        self.embed, self.project = encoder.embed, encoder.project
        layers = range(encoder.recur.num_layers)
        self.forwards, self.backwards = (
            nn.ModuleList(Direction(encoder.recur, layer, backwards=backwards) for layer in layers)
            for backwards in (False, True)
        )

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """(batch, tokens) int64, (batch,) int64 -> (batch, features, tokens)."""
        mask = token_mask(lengths, ids.shape[1]).T[..., None]
        steps = self.embed(ids).transpose(0, 1)  # (tokens, batch, embedding)
        for onward, back in zip(self.forwards, self.backwards, strict=True):
            steps = torch.cat([onward(steps, mask), back(steps, mask)], -1)
        vectors: Tensor = self.project(steps).permute(1, 2, 0)
        return vectors


def exportable(encoder: nn.Module) -> nn.Module:
    """The same encoder as scans, if it is the recurrent one; a transformer is traced as it is."""
    return ScannedNotes(encoder) if isinstance(encoder, NotesEncoder) else encoder
