"""The sound branch: a lung sound through a small convolutional net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from mmbm.branches.audio.config import POOR_QUALITY, AudioConfig
from mmbm.branches.audio.encoder import AudioEncoder
from mmbm.branches.audio.prepare import PreparedSound, SoundEvidence, prepare
from mmbm.branches.branch import Array, Begun, Branch, Reader
from mmbm.branches.folding import fold, lean
from mmbm.branches.parts import WHOLE, Evidence, Piece, Place, Span, TensorInput, spread
from mmbm.case import SAMPLE_RATE, Sound
from mmbm.text import sentence

if TYPE_CHECKING:
    from mmbm.branches.space import InputSpace

__all__ = ["SoundBranch"]

WINDOW = 1.0  # seconds of sound that go together
POOR_FROM = 0.5  # probability from which a recording is said to be of poor quality


class SoundBranch(Branch):
    """Reads a :class:`mmbm.case.Sound`."""

    name = "audio"
    settings = AudioConfig
    event_labels = True

    @property
    def spaces(self) -> Sequence[InputSpace]:
        from mmbm.branches.audio.space import BANDS, SAMPLES

        return (BANDS, SAMPLES)

    def spaces_of(self, settings: AudioConfig) -> Sequence[InputSpace]:
        return self.spaces[1:] if settings.of_transformers else self.spaces

    def encoder(self, settings: AudioConfig, features: int) -> nn.Module:
        if settings.of_transformers:
            from mmbm.branches.audio.own import OwnAudioEncoder

            return OwnAudioEncoder(settings, features)
        return AudioEncoder(settings, features)

    def folded(self, settings: AudioConfig, encoder: Any) -> nn.Module:
        return encoder if settings.of_transformers else lean(fold(encoder))

    def begun(self, settings: AudioConfig, texts: Sequence[str]) -> Begun:
        if settings.of_transformers:
            from mmbm.branches.audio.own import begun_from_folder

            return begun_from_folder(settings)
        return Begun(settings)

    def slow(self, encoder: Any) -> Sequence[nn.Module]:
        return [] if isinstance(encoder, AudioEncoder) else [encoder.listener]

    def reader(self, settings: AudioConfig, encoder: Any, tool: Any) -> Reader:
        return lambda sound: prepare(sound, settings)

    def blank(self, settings: AudioConfig) -> tuple[Tensor, ...]:
        return (torch.linspace(-1, 1, SAMPLE_RATE)[None],)

    def inputs(self, settings: AudioConfig) -> tuple[TensorInput, ...]:
        meaning = sentence("export.input.sound", seconds=settings.max_seconds)
        least = max(SAMPLE_RATE, 2 * settings.hop * 2 ** len(settings.channels))  # two cells
        return (TensorInput(self.name, ("samples",), meaning, least),)

    def trial(self, settings: AudioConfig, rows: int, draw: torch.Generator) -> tuple[Tensor, ...]:
        samples = self.inputs(settings)[0].least
        samples += int(torch.randint(SAMPLE_RATE, (), generator=draw))
        loudness = 10 ** -torch.linspace(
            0, 5, samples
        )  # down to what the spectrogram's floor hides
        return (loudness * (2 * torch.rand(rows, samples, generator=draw) - 1),)

    def evidence(self, shares: Array, prepared: PreparedSound) -> Sequence[Evidence]:
        return [SoundEvidence(row, prepared.seconds, prepared.start) for row in shares]

    def pieces(self, values: Any, prepared: PreparedSound, part: Any) -> list[Piece]:
        count = max(1, round(prepared.seconds / WINDOW))
        step = prepared.seconds / count
        sums = spread(values.astype(np.float64).sum(0, keepdims=True), WHOLE, count).sum(0)
        return [
            Piece(Span(i * step, (i + 1) * step), float(share))
            for i, share in enumerate(sums.tolist())
        ]

    def without(self, part: Sound, places: Sequence[Place]) -> Sound:
        from mmbm.branches.audio.edits import cut

        return cut(part, *(place for place in places if isinstance(place, Span)))

    def takes(self, settings: AudioConfig) -> str:
        return sentence("card.takes_sound", seconds=settings.max_seconds)

    def built(self, settings: AudioConfig) -> str:
        if settings.transformer is not None:
            return sentence("card.transformer", kind=settings.transformer["model_type"])
        return sentence("card.built_sound")

    def heard(self, events: Mapping[str, float]) -> tuple[dict[str, float], tuple[str, ...]]:
        shown = dict(events)
        poor = shown.pop(POOR_QUALITY, 0.0) >= POOR_FROM
        return shown, (sentence("sound.poor_quality"),) if poor else ()

    def described(
        self, part: Sound, prepared: Any, evidence: Mapping[str, Evidence]
    ) -> dict[str, Any]:
        return {
            "codec": part.codec,
            "seconds": round(part.seconds, 3),
            "original_rate": part.original_rate,
            "channels": part.channels,
        }
