"""The audio encoder's net from a folder: of waves, of spectrogram patches, or Whisper's encoder.

Each is given what its makers gave it, computed here so that gradients reach the waveform. Moments
of a net of fixed length that lie behind the recording's end are left out: they say nothing of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from mmbm.branches.audio.config import AudioConfig
from mmbm.branches.branch import Begun
from mmbm.branches.from_folder import NORMALISED, built, open_net, parts_of, transformers
from mmbm.case import SAMPLE_RATE
from mmbm.errors import ConfigError
from mmbm.text import sentence

__all__ = ["OwnAudioEncoder", "Patches", "Waves", "Whisper", "begun_from_folder"]

SHORTEST = SAMPLE_RATE // 4  # samples, below which a net of waves may have no frame
FRAME, HOP = 400, 160  # samples of a frame and from one to the next: 25 and 10 ms
AST_SCALE = (-4.2677393, 4.5689974)  # mean and deviation of AudioSet, where the folder has none


class Listener(nn.Module, ABC):
    """A net and what it is given of a waveform."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    @property
    def channels(self) -> int:
        """Numbers of a moment."""
        return int(self.net.config.hidden_size)

    @property
    def most_seconds(self) -> float | None:
        """Of a recording that it can read; None: any."""
        return None

    @abstractmethod
    def forward(self, waveform: Tensor) -> Tensor:
        """(batch, samples) float32 in [-1, 1], 16 kHz -> (batch, channels, bands, times)."""


class Waves(Listener):
    """Wav2Vec2, HuBERT, WavLM and their kin: the waveform.

    Of zero mean and unit variance, unless the net's makers gave it waveforms as they are.
    """

    def __init__(self, net: Any, levelled: bool = True) -> None:
        super().__init__(net)
        self.levelled = levelled

    def forward(self, waveform: Tensor) -> Tensor:
        """(batch, samples) -> (batch, channels, 1, frames); one frame is 20 ms."""
        if self.levelled:
            centred = waveform - waveform.mean(1, keepdim=True)
            waveform = centred / (centred.square().mean(1, keepdim=True) + 1e-7).sqrt()
        waveform = pad(waveform, (0, max(0, SHORTEST - waveform.shape[1])))
        states: Tensor = self.net(input_values=waveform).last_hidden_state
        return states.mT[:, :, None]


class Patches(Listener):
    """Audio Spectrogram Transformer: patches of Kaldi's filter banks, bands by times.

    Source: Gong, Chung & Glass, Interspeech 2021.
    """

    filters: Tensor
    taper: Tensor
    scale: Tensor

    def __init__(self, net: Any) -> None:
        super().__init__(net)
        about = net.config
        bank = _bank(257, about.num_mel_bins, 20.0, None, "kaldi", in_mel=True)
        self.register_buffer("filters", bank, persistent=False)
        self.register_buffer("taper", torch.hann_window(FRAME, periodic=False), persistent=False)
        self.register_buffer("scale", torch.tensor(AST_SCALE))
        self.bands, self.times = (
            (side - about.patch_size) // stride + 1
            for side, stride in (
                (about.num_mel_bins, about.frequency_stride),
                (about.max_length, about.time_stride),
            )
        )

    @property
    def most_seconds(self) -> float:
        """Of a recording that it can read."""
        return float(self.net.config.max_length * HOP / SAMPLE_RATE)

    def level(self, waveform: Tensor) -> Tensor:
        """(batch, samples) -> (batch, frames, mels), as the net was taught with."""
        waveform = pad(waveform, (0, max(0, FRAME - waveform.shape[1])))
        frames = waveform.unfold(1, FRAME, HOP)[:, : self.net.config.max_length]
        frames = frames - frames.mean(2, keepdim=True)
        before = torch.cat([frames[..., :1], frames[..., :-1]], 2)
        spectrum = torch.fft.rfft((frames - 0.97 * before) * self.taper, 512)
        power = spectrum.real.square() + spectrum.imag.square()
        banks = (power @ self.filters).clamp(min=1.1920929e-07).log()
        banks = pad(banks, (0, 0, 0, self.net.config.max_length - banks.shape[1]))
        return (banks - self.scale[0]) / (2 * self.scale[1])

    def forward(self, waveform: Tensor) -> Tensor:
        """(batch, samples) -> (batch, channels, bands, times) of what has sound."""
        states = self.net(input_values=self.level(waveform)).last_hidden_state
        cells = states[:, -self.bands * self.times :].mT.unflatten(2, (self.bands, self.times))
        stride = HOP * self.net.config.time_stride
        heard: Tensor = cells[..., : max(1, -(-waveform.shape[1] // stride))]
        return heard


class Whisper(Listener):
    """The half of Whisper that listens.

    Source: Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, 2022.
    """

    filters: Tensor
    taper: Tensor

    def __init__(self, net: Any) -> None:
        super().__init__(net)
        bank = _bank(FRAME // 2 + 1, net.config.num_mel_bins, 0.0, "slaney", "slaney", in_mel=False)
        self.register_buffer("filters", bank, persistent=False)
        self.register_buffer("taper", torch.hann_window(FRAME), persistent=False)

    @property
    def channels(self) -> int:
        """Numbers of a moment."""
        return int(self.net.config.d_model)

    @property
    def most_seconds(self) -> float:
        """Of a recording that it can read."""
        return float(self.net.config.max_source_positions * 2 * HOP / SAMPLE_RATE)

    def level(self, waveform: Tensor) -> Tensor:
        """(batch, samples) -> (batch, mels, frames)."""
        samples = self.net.config.max_source_positions * 2 * HOP
        waveform = pad(waveform[:, :samples], (0, max(0, samples - waveform.shape[1])))
        spectrum = torch.stft(waveform, FRAME, HOP, window=self.taper, return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square()
        logs = (self.filters.T @ power[..., :-1]).clamp(min=1e-10).log10()
        return (torch.maximum(logs, logs.amax((1, 2), keepdim=True) - 8.0) + 4.0) / 4.0

    def forward(self, waveform: Tensor) -> Tensor:
        """(batch, samples) -> (batch, channels, 1, frames) of what has sound; one is 20 ms."""
        states: Tensor = self.net(input_features=self.level(waveform)).last_hidden_state
        return states.mT[:, :, None, : max(1, -(-waveform.shape[1] // (2 * HOP)))]


def _listener(about: Mapping[str, Any], net: Any) -> Listener:
    """A net with what it is given, by its own settings."""
    if about["model_type"] == "audio-spectrogram-transformer":
        return Patches(net)
    if about["model_type"] == "whisper":
        return Whisper(net)
    return Waves(net, levelled=bool(about.get(NORMALISED, True)))


class OwnAudioEncoder(nn.Module):
    """Waveform -> one vector for each moment of the net, or for each of its patches."""

    def __init__(self, config: AudioConfig, features: int) -> None:
        super().__init__()
        about = config.transformer or {}
        net = built(about)
        self.listener = _listener(about, net)
        self.frozen = config.frozen
        if config.frozen:
            net.requires_grad_(False)
        self.project = nn.Conv2d(self.listener.channels, features, 1)

    def forward(self, waveform: Tensor) -> Tensor:
        """(batch, samples) float32 in [-1, 1] -> (batch, features, bands, times)."""
        cells: Tensor = self.project(self.listener(waveform))
        return cells

    def train(self, mode: bool = True) -> Self:
        """A frozen net stays as it is, its dropout too."""
        super().train(mode)
        if self.frozen:
            self.listener.eval()
        return self


def begun_from_folder(settings: AudioConfig) -> Begun:
    """What a run begins with whose recordings are read by the net in ``settings.folder``.

    Raises
    ------
    ConfigError
        The folder does not hold one, or one that reads another sampling rate.
    """
    folder, opened = Path(settings.folder), open_net(settings)
    rate = opened.prepared.get("sampling_rate", SAMPLE_RATE)
    if rate != SAMPLE_RATE:
        raise ConfigError(sentence("encoder.rate", folder=folder.name, rate=str(rate)[:20]))
    about = opened.about | ({} if opened.normalised else {NORMALISED: False})
    known = {"folder": folder.name, "transformer": about}
    own = settings.model_copy(update=known)
    listener = OwnAudioEncoder(own, 1).listener
    if listener.most_seconds is not None:
        seconds = min(settings.max_seconds, listener.most_seconds)
        own = AudioConfig.parse(own.model_dump(exclude_unset=True) | {"max_seconds": seconds})
    weights = parts_of("listener.net", opened.weights)
    if isinstance(listener, Patches):
        scale = [opened.prepared.get(key) for key in ("mean", "std")]
        told = all(isinstance(number, int | float) for number in scale)
        weights["listener.scale"] = torch.tensor(scale if told else AST_SCALE).float()
        if not opened.normalised:
            weights["listener.scale"] = torch.tensor((0.0, 0.5))
    return Begun(own, None, weights)


def _bank(
    bins: int, mels: int, low: float, norm: str | None, scale: str, *, in_mel: bool
) -> Tensor:
    """Triangular filters, (bins, mels) float32, as the library has them."""
    bank = transformers().audio_utils.mel_filter_bank
    high = SAMPLE_RATE / 2
    filters = bank(
        bins, mels, low, high, SAMPLE_RATE, norm, scale, triangularize_in_mel_space=in_mel
    )
    return torch.from_numpy(filters).float()
