"""Maps over a recording's samples, or over the bands and moments of its spectrogram."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mmbm.branches.audio.encoder import AudioEncoder
from mmbm.branches.audio.prepare import PreparedSound
from mmbm.branches.space import InputSpace, Opened, Scene, noisy, phase_noise, stretched

__all__ = ["BANDS", "SAMPLES", "BandSpace", "SampleSpace", "steady_noise"]

GROUPS, FRAMES = 16, 16  # groups of bands, and frames (0.26 s), of a block
TENTH = 1600  # samples, 0.1 s
HALF_SAMPLE = 2.0**-16  # half a step of a 16-bit recording
WINDOWS = 8  # that the bands are divided into


class SoundSpace(InputSpace):
    """What both spaces share: the recording's quantisation."""

    step = HALF_SAMPLE

    def rounded(self, prepared: Any, draw: torch.Generator) -> PreparedSound:
        (waveform,) = prepared.tensors
        tensors = (noisy(waveform, self.step, draw),)
        return PreparedSound(tensors, prepared.warnings, prepared.seconds, prepared.start)


class SampleSpace(SoundSpace):
    """The waveform, (1, samples).

    Silence is a poor baseline: the branch hears tone, not loudness, so a recording that fades out
    sounds the same to it until almost nothing is left. Noise with the recording's own spectrum and
    random phases keeps tone and level, and takes away every event.
    """

    over = "samples"
    baselines = {"noise": "steady noise of the same spectrum", "silence": "silence"}
    methods = ("Integrated Gradients",)
    growth = 40

    def open(self, scene: Scene) -> Opened:
        (waveform,) = scene.tensors
        return Opened(
            waveform,
            scene.contribution,
            {
                "noise": lambda: steady_noise(waveform),
                "silence": lambda: torch.zeros_like(waveform),
            },
        )

    def grid(self, given: Tensor, prepared: Any) -> tuple[int, ...]:
        return (-(-given.shape[1] // TENTH),)

    def units(self, given: Tensor, prepared: Any) -> Tensor:
        return torch.arange(given.shape[1]) // TENTH

    def faded(self, given: Tensor, prepared: Any, masks: Tensor) -> Tensor:
        grid = self.grid(given, prepared)
        return stretched(masks, grid, (grid[0] * TENTH,))[:, : given.shape[1]]


class BandSpace(SoundSpace):
    """The log-mel spectrogram as the net reads it, zero mean and unit variance, (1, mels, frames).

    With each band at its mean level the baseline keeps the recording's tone and has no event.
    """

    over = "bands"
    baselines = {"steady": "each band at its mean level", "flat": "every band at the same level"}
    methods = ("DeepLIFT", "Integrated Gradients", "Band and time occlusion")
    growth = 120

    def open(self, scene: Scene) -> Opened:
        encoder = scene.encoder
        assert isinstance(encoder, AudioEncoder)
        with torch.no_grad():
            level = encoder.level(scene.tensors[0])

        def score(rows: Tensor) -> Tensor:
            return scene.normalise(encoder.listen(rows).mean((2, 3))) @ scene.target  # type: ignore[no-any-return]

        return Opened(
            level,
            score,
            {
                "steady": lambda: level.mean(2, keepdim=True).expand_as(level).contiguous(),
                "flat": lambda: torch.zeros_like(level),
            },
        )

    def window(self, given: Tensor) -> tuple[int, int]:
        return max(1, given.shape[-2] // WINDOWS), FRAMES

    def grid(self, given: Tensor, prepared: Any) -> tuple[int, ...]:
        return (min(GROUPS, given.shape[1]), -(-given.shape[2] // FRAMES))

    def units(self, given: Tensor, prepared: Any) -> Tensor:
        mels, frames = given.shape[1:]
        down = torch.arange(mels) * min(GROUPS, mels) // mels
        across = torch.arange(frames) // FRAMES
        return down[:, None] * (int(across[-1]) + 1) + across

    def faded(self, given: Tensor, prepared: Any, masks: Tensor) -> Tensor:
        grid, (mels, frames) = self.grid(given, prepared), given.shape[1:]
        return stretched(masks, grid, (mels, grid[1] * FRAMES))[..., :frames]


def steady_noise(waveform: Tensor, seed: int = 0) -> Tensor:
    """(batch, samples) -> noise of the same magnitude spectrum with random phases."""
    return phase_noise(waveform, 1, seed)


SAMPLES, BANDS = SampleSpace(), BandSpace()
