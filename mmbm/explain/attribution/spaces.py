"""What a map can be drawn over: pixels, words, samples, or bands and moments.

A space is one modality's input, as a tensor, with the contribution as a function of it and the
baselines that it may be compared with. Every method works on any space; each runs through one
encoder only, against the fixed direction ``w_i W_c`` in which that modality moves that finding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from mmbm.case import MODALITIES, Modality
from mmbm.errors import ConfigError, NoSignal
from mmbm.model.audio import AudioEncoder
from mmbm.model.network import Inputs, MultimodalBigModel
from mmbm.model.notes import PAD_ID
from mmbm.predict import Prediction, Predictor, to_device

__all__ = [
    "BASELINES",
    "OF_PART",
    "SPACES",
    "Contribution",
    "Over",
    "Space",
    "phase_noise",
    "space_of",
    "steady_noise",
]

Over = Literal["pixels", "words", "samples", "bands"]
SPACES: dict[Over, Modality] = {
    "pixels": "image",
    "words": "notes",
    "samples": "audio",
    "bands": "audio",
}
OF_PART: dict[Modality, Over] = {"image": "pixels", "notes": "words", "audio": "bands"}
# the names of the baselines of each space, the first by default, with what the screen calls them
BASELINES: dict[Over, dict[str, str]] = {
    "pixels": {
        "blur": "the film, blurred",
        "grey": "a film of one even grey",
        "noise": "noise of the film's own spectrum",
    },
    "words": {"unknown": "a note of unknown words", "blank": "a note of blanks"},
    "samples": {"noise": "steady noise of the same spectrum", "silence": "silence"},
    "bands": {"steady": "each band at its mean level", "flat": "every band at the same level"},
}
BLUR = 16  # the blur's width as a part of the film's side
# bytes that one row leaves behind for its backward pass, for each byte of the input
GROWTH: dict[Over, int] = {"pixels": 300, "words": 30, "samples": 40, "bands": 120}


class Contribution(nn.Module):
    """One modality's contribution to one finding as a function of that modality's input."""

    def __init__(self, network: MultimodalBigModel, modality: Modality, target: Tensor) -> None:
        super().__init__()
        self.network, self.modality, self.target = network, modality, target

    def forward(self, part: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(batch, …) of the modality's input -> (batch,) logits."""
        names = {"image": "film", "notes": "tokens", "audio": "waveform"}
        present = torch.ones(len(part), 3, dtype=torch.bool)
        inputs = Inputs(present, **{names[self.modality]: part}, lengths=lengths)
        positions = self.network.encode(self.modality, inputs)
        assert positions is not None
        return positions.mean @ self.target


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """One modality's input and the contribution as a function of it, on the predictor's device."""

    over: Over
    modality: Modality
    finding: str
    given: Tensor  # (1, 1, size, size), (1, tokens, embedding), (1, samples), (1, mels, frames)
    score: Callable[[Tensor], Tensor]  # (batch, …) like ``given`` -> (batch,) logits
    baselines: dict[str, Callable[[], Tensor]]  # each like ``given``
    encoder: nn.Module
    prediction: Prediction

    @property
    def row_bytes(self) -> int:
        """About what one row of a batch takes, with what its backward pass needs."""
        return self.given.numel() * self.given.element_size() * GROWTH[self.over]

    def baseline(self, name: str) -> Tensor:
        """The baseline of that name. Raises ConfigError, listing the valid ones."""
        if name not in self.baselines:
            valid = ", ".join(self.baselines)
            raise ConfigError(f"No baseline '{name}' for {self.over}; choose {valid}.")
        return self.baselines[name]()


def space_of(predictor: Predictor, prediction: Prediction, over: Over, finding: str) -> Space:
    """The space of one part of a case, for one finding.

    Raises
    ------
    NoSignal
        The case has no such part.
    """
    modality = SPACES[over]
    if modality not in prediction.present:
        raise NoSignal(f"There is no {modality} in this case to look closer at.")
    index = [f.name for f in prediction.findings].index(finding)
    directions = prediction.readout.directions(prediction.features.means)
    target = directions[index, MODALITIES.index(modality)]
    contribution = Contribution(
        predictor.network, modality, target.float().to(predictor.torch_device)
    )
    inputs = to_device(prediction.features.prepared.inputs, predictor.torch_device)
    make = {"pixels": _pixels, "words": _words, "samples": _samples, "bands": _bands}[over]
    given, score, baselines = make(contribution, inputs, predictor)
    encoder = predictor.network.encoders[modality]
    return Space(over, modality, finding, given, score, baselines, encoder, prediction)


Parts = tuple[Tensor, Callable[[Tensor], Tensor], dict[str, Callable[[], Tensor]]]


def _pixels(contribution: Contribution, inputs: Inputs, predictor: Predictor) -> Parts:
    """The film's greys, (1, 1, size, size) in [-1, 1]; the lungs, a second plane, stay."""
    assert inputs.film is not None
    greys, lungs = inputs.film[:, :1], inputs.film[:, 1:]

    def score(film: Tensor) -> Tensor:
        return contribution(torch.cat([film, lungs.expand(len(film), -1, -1, -1)], 1))  # type: ignore[no-any-return]

    return (
        greys,
        score,
        {
            "blur": lambda: _blur(greys),
            "grey": lambda: torch.zeros_like(greys),
            "noise": lambda: phase_noise(greys, 2),
        },
    )


def _words(contribution: Contribution, inputs: Inputs, predictor: Predictor) -> Parts:
    """The embedded tokens, (1, tokens, embedding)."""
    ids, lengths = inputs.tokens, inputs.lengths
    assert ids is not None and lengths is not None
    embed: nn.Module = predictor.network.encoders["notes"].embed  # type: ignore[assignment]
    unknown = predictor.config.notes.unknown

    def embedded(tokens: Tensor) -> Tensor:
        with torch.no_grad():
            return embed(tokens)  # type: ignore[no-any-return]

    def score(vectors: Tensor) -> Tensor:
        hook = embed.register_forward_hook(lambda *_: vectors)
        try:
            rows = ids.expand(len(vectors), -1)
            return contribution(rows, lengths.expand(len(vectors)))  # type: ignore[no-any-return]
        finally:
            hook.remove()

    return (
        embedded(ids),
        score,
        {
            "unknown": lambda: embedded(torch.full_like(ids, unknown)),
            "blank": lambda: embedded(torch.full_like(ids, PAD_ID)),
        },
    )


def _samples(contribution: Contribution, inputs: Inputs, predictor: Predictor) -> Parts:
    """The waveform, (1, samples).

    Silence is a poor baseline: the branch hears tone, not loudness, so a recording that fades out
    sounds the same to it until almost nothing is left. Noise with the recording's own spectrum and
    random phases keeps tone and level, and takes away every event.
    """
    waveform = inputs.waveform
    assert waveform is not None
    return (
        waveform,
        contribution,
        {
            "noise": lambda: steady_noise(waveform),
            "silence": lambda: torch.zeros_like(waveform),
        },
    )


def _bands(contribution: Contribution, inputs: Inputs, predictor: Predictor) -> Parts:
    """The log-mel spectrogram as the net reads it, zero mean and unit variance, (1, mels, frames).

    With each band at its mean level the baseline keeps the recording's tone and has no event.
    """
    encoder, norm = predictor.network.encoders["audio"], predictor.network.normalise["audio"]
    assert isinstance(encoder, AudioEncoder) and inputs.waveform is not None
    with torch.no_grad():
        level = encoder.level(inputs.waveform)

    def score(rows: Tensor) -> Tensor:
        return norm(encoder.listen(rows).mean((2, 3))) @ contribution.target  # type: ignore[no-any-return]

    return (
        level,
        score,
        {
            "steady": lambda: level.mean(2, keepdim=True).expand_as(level).contiguous(),
            "flat": lambda: torch.zeros_like(level),
        },
    )


def _blur(film: Tensor) -> Tensor:
    """The film under a tent a sixteenth of its side wide: what is left is its light and shade."""
    width = film.shape[-1] // BLUR * 2 + 1
    for across in ((width, 1), (1, width)) * 2:  # one axis after the other, a mean of means
        reach = (across[0] // 2, across[1] // 2)
        film = avg_pool2d(film, across, 1, reach, count_include_pad=False)
    return film


def steady_noise(waveform: Tensor, seed: int = 0) -> Tensor:
    """(batch, samples) -> noise of the same magnitude spectrum with random phases."""
    return phase_noise(waveform, 1, seed)


def phase_noise(signal: Tensor, dims: int, seed: int = 0) -> Tensor:
    """Noise of the same magnitude spectrum with random phases, over the last ``dims`` axes."""
    axes = tuple(range(-dims, 0))
    shape = tuple(signal.shape[a] for a in axes)
    draw = torch.Generator().manual_seed(seed)
    noise = torch.fft.rfftn(torch.randn(shape, generator=draw), dim=axes)
    spectrum = torch.fft.rfftn(signal.cpu(), dim=axes).abs()
    mixed = torch.fft.irfftn(torch.polar(spectrum, noise.angle().expand_as(spectrum)), shape, axes)
    moved: Tensor = mixed.to(signal.device)
    return moved
