"""Weights from a safetensors file into a net: checked before anything is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from mmbm.errors import ModelError
from mmbm.text import Sentence, sentence

__all__ = ["Allowance", "fill", "read_tensors", "to_store"]

FLOATS = (torch.float16, torch.float32)


class Allowance(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Lets tensors of so many bytes be made in here, and refuses the next one before it is made.

    Weights of a net that is far larger than the file they shall come from are never made.
    """

    def __init__(self, most: int, refusal: Sentence) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.left, self.refusal = most, refusal

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Count what is made from nothing. Raises ModelError."""
        kwargs = kwargs or {}
        if any(argument.name == "device" for argument in func._schema.arguments):
            made = func(*args, **kwargs | {"device": torch.device("meta")})
            self.left -= made.nbytes
            if self.left < 0:
                raise ModelError(self.refusal)
        return func(*args, **kwargs)


def read_tensors(content: bytes, what: Sentence) -> dict[str, Tensor]:
    """The tensors of a safetensors file. Raises ModelError, calling it ``what``."""
    try:
        return load(content)
    except (SafetensorError, ValueError, LookupError, RuntimeError, TypeError) as exc:
        raise ModelError(sentence("model.not_safetensors", file=what)) from exc


def fill(net: nn.Module, content: bytes, what: Sentence) -> None:
    """Put the weights of a safetensors file into a net of the same shapes, as float32.

    Raises
    ------
    ModelError
        By the name of the first weight that does not fit or is no finite number.
    """
    weights, own = read_tensors(content, what), net.state_dict()
    for name, weight in weights.items():
        kept = own.get(name)
        if kept is not None and (
            weight.dtype not in FLOATS if kept.is_floating_point() else weight.dtype != kept.dtype
        ):
            raise ModelError(sentence("model.dtype", file=what, name=name, dtype=str(weight.dtype)))
        if weight.is_floating_point() and not bool(weight.isfinite().all()):
            raise ModelError(sentence("model.infinite", file=what, name=name))
        if name.endswith("running_var") and bool((weight < 0).any()):
            raise ModelError(sentence("model.variance", file=what, name=name))
    try:
        net.load_state_dict(
            {n: w.float() if w.is_floating_point() else w for n, w in weights.items()}
        )
    except (RuntimeError, LookupError, ValueError) as exc:
        raise ModelError(sentence("model.misfit", file=what, reason=_misfit(own, weights))) from exc


def _misfit(own: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> Sentence:
    """What is wrong, by the name of the first weight."""
    for name in sorted({*own, *weights}):
        if name not in weights:
            return sentence("model.tensor.missing", name=name)
        if name not in own:
            return sentence("model.tensor.foreign", name=name[:100])
        if own[name].shape != weights[name].shape:
            found, expected = _size(weights[name]), _size(own[name])
            return sentence("model.tensor_size", name=name, found=found, expected=expected)
    return sentence("model.other_net")


def _size(tensor: Tensor) -> str | Sentence:
    return " x ".join(str(n) for n in tensor.shape) or sentence("model.tensor_scalar")


def to_store(net: nn.Module) -> dict[str, Tensor]:
    """A net's weights as they are stored: of two or more dimensions as float16, else as float32."""
    return {
        name: (t.half() if t.ndim >= 2 and t.is_floating_point() else t).contiguous().cpu()
        for name, t in net.state_dict().items()
    }
