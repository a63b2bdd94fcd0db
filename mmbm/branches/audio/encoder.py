"""The audio branch: waveform to log-mel spectrogram to a small convolutional net."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmbm.branches.audio.config import AudioConfig
from mmbm.case import SAMPLE_RATE

__all__ = ["AudioEncoder", "LogMel", "mel_filters"]


def mel_filters(config: AudioConfig) -> Tensor:
    """Triangular filters on the mel scale, (mels, window // 2 + 1) float32, each of peak 1.

    Source: O'Shaughnessy's ``mel = 2595 log10(1 + f / 700)``, as HTK has it.
    """

    def mel(hz: Tensor) -> Tensor:
        return 2595.0 * torch.log10(1.0 + hz / 700.0)

    low, high = mel(torch.tensor([config.low_hz, config.high_hz], dtype=torch.float64))
    edges = torch.linspace(float(low), float(high), config.mels + 2, dtype=torch.float64)
    bins = mel(torch.linspace(0.0, SAMPLE_RATE / 2, config.window // 2 + 1, dtype=torch.float64))
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rise, fall = (bins - left) / (centre - left), (right - bins) / (right - centre)
    return torch.minimum(rise, fall).clamp(min=0.0).float()


class LogMel(nn.Module):
    """Waveform -> log-mel spectrogram, inside the net so that gradients reach the waveform."""

    filters: Tensor
    taper: Tensor

    def __init__(self, config: AudioConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("filters", mel_filters(config), persistent=False)
        self.register_buffer("taper", torch.hann_window(config.window), persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """(batch, samples) float32 in [-1, 1], 16 kHz -> (batch, mels, frames) in decibels."""
        spectrum = torch.stft(
            waveform,
            self.config.window,
            self.config.hop,
            window=self.taper,
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        power = spectrum.real.square() + spectrum.imag.square()
        power = torch.einsum("mf,bft->bmt", self.filters, power)
        return 10.0 * torch.log10(power + 1e-8)


def hushed(levelled: Tensor) -> Tensor:
    """(batch, mels, frames) with two strips of bands and two of moments at their mean, 0.

    Each up to a ninth of the bands, or a twentieth of the time, wide. A kind of dropout.
    Source: Park et al., SpecAugment, Interspeech 2019.
    """
    for axis, widest in ((1, 9), (2, 20), (1, 9), (2, 20)):
        count = levelled.shape[axis]
        place = torch.arange(count, device=levelled.device).expand(len(levelled), count)
        start, width = torch.rand(2, len(levelled), 1, device=levelled.device) * count
        strip = (place >= start) & (place < start + width / widest)
        levelled = levelled.masked_fill(strip.unsqueeze(3 - axis), 0.0)
    return levelled


class AudioEncoder(nn.Module):
    """Waveform -> one vector for each cell of the band x time map."""

    def __init__(self, config: AudioConfig, features: int) -> None:
        super().__init__()
        self.log_mel = LogMel(config)
        layers: list[nn.Module] = []
        before = 1
        for after in config.channels:  # each stage halves bands and time
            layers += [
                nn.Conv2d(before, after, 3, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
                nn.Conv2d(after, after, 3, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
            before = after
        self.convolve = nn.Sequential(*layers, nn.Dropout(0.2))
        self.project = nn.Conv2d(before, features, 1)

    def forward(self, waveform: Tensor) -> Tensor:
        """(batch, samples) float32 in [-1, 1] -> (batch, features, bands, times)."""
        return self.listen(self.level(waveform))

    def level(self, waveform: Tensor) -> Tensor:
        """(batch, samples) -> (batch, mels, frames), each clip of zero mean and unit variance.

        So the gain of the microphone says nothing.
        """
        decibels = self.log_mel(waveform)
        centred = decibels - decibels.mean((1, 2), keepdim=True)
        levelled: Tensor = centred / (centred.square().mean((1, 2), keepdim=True) + 1.0).sqrt()
        return levelled

    def listen(self, levelled: Tensor) -> Tensor:
        """(batch, mels, frames) -> (batch, features, bands, times)."""
        if self.training:
            levelled = hushed(levelled)
        cells: Tensor = self.project(self.convolve(levelled[:, None]))
        return cells
