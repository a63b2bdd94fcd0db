"""Branch: all that the product knows of one modality.

The network, the predictor, the explanations, trust and the report ask a branch and name none. A
fourth modality is a subclass with ``name``, ``settings``, ``reader``, ``encoder`` and ``blank``,
handed to :func:`mmbm.branches.registry.register`; there is one in ``examples/``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmbm.branches.parts import (
    ArrayEvidence,
    Evidence,
    Field,
    Piece,
    Place,
    PreparedPart,
    TensorInput,
)
from mmbm.config import BranchSettings
from mmbm.errors import ConfigError
from mmbm.text import name_of, sentence

if TYPE_CHECKING:
    from mmbm.branches.space import InputSpace

__all__ = ["Array", "Begun", "Branch", "Drawing", "Reader"]

Array = NDArray[np.float64]
Drawing = NDArray[np.uint8]
Reader = Callable[[Any], PreparedPart]
"""A part of a case -> the part as the encoder reads it."""


class Begun(NamedTuple):
    """What a branch begins a run with."""

    settings: Any
    tool: Any = None
    weights: dict[str, Tensor] | None = None  # of its encoder, where it brings any
    sized: tuple[str, ...] = ()  # settings that go with the tool


class Branch(ABC):
    """One modality: how it is read, encoded, exported, explained, edited, doubted and reported.

    ``part`` is what a case holds of it, for instance a :class:`mmbm.case.Picture`; ``settings`` are
    of the class that the branch names; a ``tool`` is what the branch keeps in the model's folder
    beside the weights, for instance a tokeniser.
    """

    name: ClassVar[str]  # of the modality
    settings: ClassVar[type[BranchSettings]] = BranchSettings
    by_source: ClassVar[bool] = False  # its features tell the sources of cases apart
    familiar_by_features: ClassVar[bool] = True
    """Whether how far its feature lies from the training cases says that it is out of
    distribution."""
    batch: ClassVar[int] = 1  # parts that are read together where many are
    may_be_emptied: ClassVar[bool] = False  # a part with all its pieces taken out is still read
    event_labels: ClassVar[bool] = False  # whether manifests hold labels of its events
    of_tool: ClassVar[tuple[str, ...]] = ()  # beginnings of its encoder's weights that hang on it
    loose: ClassVar[tuple[str, ...]] = ()
    """Settings that a run which begins with another model's weights may change."""
    columns: ClassVar[tuple[str, ...]] = ()  # of a manifest, that hold its parts
    fields: ClassVar[tuple[Field, ...]] = ()
    """What a form asks for, where the part is made of numbers."""
    unlike: Mapping[str, str] = {}  # by cue, the sentence for a part out of distribution

    @property
    def spaces(self) -> Sequence[InputSpace]:
        """What maps can be drawn over, the first by default."""
        return ()

    def spaces_of(self, settings: Any) -> Sequence[InputSpace]:
        """Those of them that an encoder with these settings has."""
        return self.spaces

    # reading

    @abstractmethod
    def encoder(self, settings: Any, features: int) -> nn.Module:
        """A fresh net: the tensors of a prepared part -> cells, (batch, features, *grid).

        Its last layer, ``project``, is linear, so that a refitted head can fold into it.
        """

    @abstractmethod
    def reader(self, settings: Any, encoder: nn.Module, tool: Any) -> Reader:
        """What turns a part into what this encoder reads."""

    @abstractmethod
    def blank(self, settings: Any) -> tuple[Tensor, ...]:
        """Any valid tensors, (1, …), to try a net with."""

    def counted(self, settings: Any, cells: Tensor, *tensors: Tensor) -> Tensor | None:
        """How much each position counts in the mean, (n, positions); None: all alike."""
        return None

    def collate(self, parts: Sequence[PreparedPart]) -> tuple[Tensor, ...]:
        """Several prepared parts as one batch."""
        each = zip(*(part.tensors for part in parts), strict=True)
        return tuple(torch.cat(tensors) for tensors in each)

    def alike(self, part: PreparedPart) -> Hashable:
        """Which prepared parts one batch may hold: those of which this is the same."""
        return tuple(tensor.shape[1:] for tensor in part.tensors)

    def grid_of(self, grid: tuple[int, ...], part: PreparedPart) -> tuple[int, ...]:
        """What of a batch's grid is one part's own; the rest, at its end, is padding."""
        return grid

    def folded(self, settings: Any, encoder: nn.Module) -> nn.Module:
        """The same encoder in a form that reads faster, to rounding."""
        return encoder

    # exporting

    def inputs(self, settings: Any) -> tuple[TensorInput, ...]:
        """What its encoder takes, in the order of a prepared part's tensors."""
        blank = self.blank(settings)
        names = [self.name if len(blank) == 1 else f"{self.name}_{i}" for i in range(len(blank))]
        return tuple(
            TensorInput(name, tuple(tensor.shape[1:]), sentence("export.input.other"))
            for name, tensor in zip(names, blank, strict=True)
        )

    def trial(self, settings: Any, rows: int, draw: torch.Generator) -> tuple[Tensor, ...]:
        """Parts of so many cases drawn at random, to compare two forms of a net on."""
        return tuple(
            torch.rand(rows, *tensor.shape[1:], generator=draw)
            if tensor.is_floating_point()
            else tensor.expand(rows, *tensor.shape[1:]).contiguous()
            for tensor in self.blank(settings)
        )

    def exportable(self, settings: Any, encoder: nn.Module) -> nn.Module:
        """An encoder that may be changed -> one that ``torch.export`` traces for any lengths.

        It says the same, to rounding, also where another runtime runs it.
        """
        return encoder

    # the model's folder

    def tool(self, held: Mapping[str, bytes], settings: Any, encoder: nn.Module, of: str) -> Any:
        """The branch's tool from the files of the model ``of``. Raises ModelError."""
        return None

    def tool_files(self, tool: Any) -> dict[str, bytes]:
        """The tool as files of a model's folder."""
        return {}

    def facts(self, settings: Any) -> dict[str, Any]:
        """What the card must say of this branch, checked when the model is read."""
        return {}

    def part_of_fields(self, values: Mapping[str, float | None]) -> Any:
        """A part from the numbers of a form, by field; None where one was not given.

        Raises
        ------
        InputError
            A number that cannot be.
        """
        raise ConfigError(sentence("branch.no_numbers", part=name_of("modality", self.name)))

    def field_values(self, part: Any) -> dict[str, float | None]:
        """The numbers of a part, by field."""
        return {}

    # training

    def part_of_row(self, row: Mapping[str, Any]) -> Any:
        """A part from the ``columns`` of a manifest's row; None where the row has none.

        Raises
        ------
        InputError
            What stands there cannot be read.
        """
        return None

    def begun(self, settings: Any, texts: Sequence[str]) -> Begun:
        """What a run with fresh weights begins with; ``texts`` are its notes.

        Raises
        ------
        ConfigError
            The settings ask for something that is not at hand.
        """
        return Begun(settings)

    def pretrained(self, settings: Any, encoder: Any, weights: str) -> None:
        """Begin from the pretrained ``weights`` that the run names, where the branch has any.

        Raises
        ------
        ConfigError
            They are not at hand, or are of another net.
        """

    def still(self, encoder: Any, stages: int) -> None:
        """Stop training the first ``stages`` of a pretrained encoder, where it has such."""

    def slow(self, encoder: Any) -> Sequence[nn.Module]:
        """What of the encoder is pretrained and learns at its own rate."""
        return ()

    def carried(self, encoder: Any, tool: Any, before: Any, old_tool: Any) -> None:
        """Take over from an encoder with another tool what weights of one shape do not tell."""

    def fit(self, encoder: Any, corpus: Any) -> None:
        """Let a fresh encoder keep what it needs of the training cases, before the first step."""

    # explaining

    def evidence(self, shares: Array, prepared: Any) -> Sequence[Evidence]:
        """Shares of positions, (findings, *grid) logits -> in their place, one a finding."""
        return [ArrayEvidence(row) for row in shares]

    def finer(
        self,
        encode: Callable[..., Tensor],
        directions: Tensor,
        contributions: Tensor,
        grid: tuple[int, ...],
        prepared: Any,
    ) -> Sequence[Evidence] | None:
        """Evidence from reading the part again, on a finer grid; None where there is none.

        ``encode`` gives the vectors, (n, d, positions), of tensors like the prepared ones;
        ``directions`` are (findings, d), ``contributions`` (findings,) logits.
        """
        return None

    def pieces(self, values: Any, prepared: Any, part: Any) -> list[Piece]:
        """The shares of any map of this part, added up over what can be taken out of it."""
        return []

    def without(self, part: Any, places: Sequence[Place]) -> Any:
        """The part with these places taken out.

        Raises
        ------
        ConfigError
            Nothing can be taken out of this modality.
        NoSignal
            Too little would be left.
        """
        raise ConfigError(sentence("branch.no_pieces", part=name_of("modality", self.name)))

    # doubting and reporting

    def drawn(self, part: Any, evidence: Evidence | None, scale: float) -> Drawing | None:
        """The part as a picture for a report, (height, width, 3) uint8, its evidence laid on it.

        ``scale`` is the share in full colour. None where the part is no picture.
        """
        return None

    def takes(self, settings: Any) -> str:
        """What a user gives, for the card."""
        return name_of("modality", self.name)

    def built(self, settings: Any) -> str:
        """What reads it, for the card."""
        return sentence("card.built_other")

    def cues(self, part: Any, prepared: Any, settings: Any) -> dict[str, float]:
        """How strange the part is beside its feature, by cue; 1 at the limit."""
        return {}

    def heard(self, events: Mapping[str, float]) -> tuple[dict[str, float], tuple[str, ...]]:
        """Of the probabilities of its events: those to show, and warnings."""
        return dict(events), ()

    def late_warnings(self, prepared: Any) -> tuple[str, ...]:
        """Warnings that cost something to find, beside those of the prepared part."""
        return ()

    def described(
        self, part: Any, prepared: Any | None, evidence: Mapping[str, Evidence]
    ) -> dict[str, Any]:
        """What the report says of the part: its form, never its content.

        ``evidence`` is the map of each finding; ``prepared`` is None where the model left the part
        unread.
        """
        return {}
