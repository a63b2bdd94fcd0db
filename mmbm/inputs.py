"""Case -> tensors: the only place with preprocessing, used by training and serving alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import interpolate, pad

from mmbm.borders import extent
from mmbm.case import MODALITIES, SAMPLE_RATE, Case, Picture, Sound
from mmbm.config import AudioConfig, ImageConfig, ModelConfig
from mmbm.grain import grain_warnings
from mmbm.model.audio import LogMel
from mmbm.model.lungs import SIDE, WHOLE, Box, LungFinder, Lungs, shipped
from mmbm.model.network import Inputs
from mmbm.model.notes import PAD_ID, Tokens, tokenise
from mmbm.spectrum import level_spectrum
from mmbm.turn import turn_warnings

__all__ = [
    "Film",
    "Prepared",
    "Upright",
    "batch_tokens",
    "equalise",
    "film",
    "find_lungs",
    "likeness",
    "log_mel",
    "lung_film",
    "prepare",
    "prepare_film",
    "ranged",
    "read_tokens",
    "shrink",
    "standardise",
    "stored_greys",
    "thumbnail",
    "upright",
    "waveform",
]

# Correlation with the mean training film. Of 1,171 test films 8 lie below 0.25, the least at 0.03.
CHEST_ABOVE, NEGATIVE_BELOW = 0.25, -0.25
TAIL = 0.01  # of a film's greys at either end that do not set its range
PLAIN = ImageConfig()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A case as the model reads it, with what had to be left out or turned round."""

    inputs: Inputs
    tokens: Tokens | None
    seconds: float  # of sound that the model hears
    warnings: tuple[str, ...]
    film: Film | None = None  # the picture that the image branch reads
    start: float = 0.0  # s of the recording's file at which that sound begins

    @property
    def lungs(self) -> Lungs | None:
        """Of the picture, turned round as the model read it; looked for when first asked."""
        return None if self.film is None else self.film.lungs

    @property
    def box(self) -> Box:
        """The part of the picture that the image branch reads."""
        return WHOLE if self.film is None else self.film.box


@dataclass(frozen=True, slots=True, eq=False)
class Upright:
    """A picture with air dark, as far as its likeness to chest films tells."""

    greys: NDArray[np.float32]  # (height, width) in [0, 1]
    small: Tensor  # all of it, (1, size, size) float32 in [0, 1]
    square: Tensor  # the same by rank, in [-1, 1]
    turned: bool  # it was a negative
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Film:
    """A picture as training, evaluation and serving alike begin with it."""

    planes: Tensor  # (1 or 2, size, size) in [0, 1]: greys not yet standardised, lungs
    square: Tensor  # the film within its borders, (1, size, size) float32 in [-1, 1], air dark
    turned: bool  # it was a negative
    warnings: tuple[str, ...]
    within: Box  # the part of the picture that the square shows
    box: Box  # the part of the picture that the planes show

    @cached_property
    def lungs(self) -> Lungs:
        """In all of the picture."""
        return find_lungs(self.square).within(self.within)


def shrink(shown: NDArray[np.float32], size: int) -> Tensor:
    """(height, width) in [0, 1] -> (1, size, size) float32; the film is squashed to a square."""
    whole = torch.from_numpy(np.ascontiguousarray(shown, dtype=np.float32))[None, None]
    return interpolate(whole, (size, size), mode="bilinear", antialias=True)[0]


def equalise(square: Tensor) -> Tensor:
    """Replace each grey by its rank: (…, size, size) any range -> the same shape in [-1, 1].

    Window, gamma and exposure change greys but not their order, so none of them reaches the model.
    """
    greys = square.detach().flatten(-2)
    if greys.device.type == "cpu":  # by numpy, several times as fast
        place = torch.from_numpy(np.argsort(greys.numpy(), -1))
        ordered = greys.gather(-1, place)
    else:
        ordered, place = greys.sort(-1)
    count = ordered.shape[-1]
    step = ordered[..., 1:] != ordered[..., :-1]  # between two different greys
    here = torch.arange(count, device=square.device).expand(ordered.shape)
    first = here.where(pad(step, (1, 0), value=True), 0).cummax(-1).values
    last = here.where(pad(step, (0, 1), value=True), count).flip(-1).cummin(-1).values.flip(-1)
    middle = (first + last).float() / (2 * (count - 1))  # ties share their middle rank
    rank = torch.empty_like(middle).scatter_(-1, place, middle)
    return (2.0 * rank - 1.0).reshape(square.shape)


def ranged(square: Tensor) -> Tensor:
    """Spread the greys from the first to the last per cent over [-1, 1]; what lies beyond is cut.

    (…, size, size) any range -> the same shape in [-1, 1]. A linear window that cuts no grey does
    not reach the model.
    """
    flat = square.flatten(-2)
    places = (1 + int(part * flat.shape[-1]) for part in (TAIL, 1 - TAIL))
    low, high = (flat.kthvalue(place).values[..., None, None] for place in places)
    return (2 * (square - low) / (high - low).clamp(min=1e-6) - 1).clamp(-1.0, 1.0)


def stored_greys(picture: Picture) -> NDArray[np.float32]:
    """(height, width) in [0, 1]: the stored values, whichever window the file asks for."""
    low, high = float(picture.pixels.min()), float(picture.pixels.max())
    return np.asarray((picture.pixels - low) / max(high - low, 1e-6), dtype=np.float32)


def film(picture: Picture, size: int) -> Tensor:
    """A whole picture: (1, size, size) float32 in [-1, 1]."""
    return equalise(shrink(picture.shown, size))


def find_lungs(square: Tensor, finder: LungFinder | None = None) -> Lungs:
    """The lungs in a film, (1, size, size) with air dark, by the shipped finder or another."""
    return (finder or shipped()).find(equalise(shrink(square[0].numpy(), SIDE)))


def lung_film(shown: NDArray[np.float32], lungs: Lungs, size: int) -> Tensor:
    """A picture cut out around its lungs: (2, size, size) in [0, 1], its greys and its lungs.

    The lungs are a little widened, and everywhere where none are found.
    """
    fields = torch.from_numpy(lungs.fields)[None, None]
    fine = interpolate(fields, 4 * SIDE, mode="bilinear")[0, 0].numpy()
    parts = (picture[lungs.box.cut(*picture.shape)] for picture in (shown, fine))
    return torch.cat([shrink(part, size) for part in parts])


def standardise(film: Tensor, config: ImageConfig = PLAIN) -> Tensor:
    """(1 or 2, size, size) in [0, 1] -> the same with its first plane, the greys, in [-1, 1].

    Shown greys are ranked, and with ``cycles`` their spectrum levelled (:mod:`mmbm.spectrum`);
    stored ones are spread over their range.
    """
    if config.greys == "stored":
        return torch.cat([ranged(film[:1]), film[1:]])
    square = equalise(film[:1])
    if config.cycles:
        square = equalise(level_spectrum(square, config.cycles))
    return torch.cat([square, film[1:]])


def thumbnail(square: Tensor, side: int) -> Tensor:
    """(1, size, size) -> (side, side): what a film looks like on the whole."""
    return interpolate(square[None], (side, side), mode="bilinear", antialias=True)[0, 0]


def likeness(square: Tensor, mean_film: Tensor) -> float:
    """Correlation of a film, (1, size, size), with the mean of the training films, in [-1, 1].

    1.0 where either is flat: there is nothing to compare.
    """
    pair = torch.stack([thumbnail(square, len(mean_film)).flatten(), mean_film.flatten()])
    return float(torch.corrcoef(pair)[0, 1]) if bool((pair.std(1) > 0).all()) else 1.0


def waveform(sound: Sound, max_seconds: float) -> Tensor:
    """(samples,) float32 in [-1, 1], 16 kHz, at most ``max_seconds`` long."""
    return torch.from_numpy(sound.waveform[: int(max_seconds * SAMPLE_RATE)])


def log_mel(sound: Sound, config: AudioConfig) -> NDArray[np.float32]:
    """What the audio branch sees: (mels, frames) float32 in decibels."""
    with torch.inference_mode():
        decibels = LogMel(config)(waveform(sound, config.max_seconds)[None])[0]
    return decibels.numpy()  # type: ignore[no-any-return]


def batch_tokens(notes: list[Tokens]) -> tuple[Tensor, Tensor]:
    """Notes as one padded tensor: (notes, longest) int64 and their lengths, (notes,) int64."""
    lengths = torch.tensor([len(t.ids) for t in notes])
    padded = torch.zeros(len(notes), int(lengths.max()), dtype=torch.int64)
    for row, t in zip(padded, notes, strict=True):
        row[: len(t.ids)] = torch.tensor(t.ids)
    return padded, lengths


def read_tokens(tokenizer: Tokenizer, text: str, max_tokens: int) -> Tokens:
    """A note's tokens; a note with none that is known reads as one pad."""
    tokens = tokenise(tokenizer, text, max_tokens)
    return tokens if tokens.ids else Tokens([PAD_ID], [(0, 0)], [0])


def upright(greys: NDArray[np.float32], size: int, mean_film: Tensor) -> Upright:
    """Turn a negative round; what is like no chest film gets a warning."""
    small = shrink(greys, size)
    square = equalise(small)
    alike = likeness(square, mean_film)
    if alike < NEGATIVE_BELOW:
        warning = (
            "The picture looks like the negative of a chest film, or like none at all: "
            "the model read it inverted."
        )
        positive = 1 - greys
        return Upright(positive, shrink(positive, size), -square, True, (warning,))
    warning = (
        "The picture does not look like a frontal chest film: "
        "what the model makes of it may mean nothing."
    )
    return Upright(greys, small, square, False, (warning,) if alike < CHEST_ABOVE else ())


def prepare_film(picture: Picture, config: ImageConfig, mean_film: Tensor) -> Film:
    """What training, evaluation and serving make of a picture, before greys are standardised."""
    box, greys, stored = WHOLE, picture.shown, stored_greys(picture)
    warnings: tuple[str, ...] = turn_warnings(stored)
    if config.greys == "stored":
        greys = stored
        found = extent(greys)
        height, width = greys.shape
        box = Box(
            found.top / height, found.bottom / height, found.left / width, found.right / width
        )
        greys = found.cut(greys)
    whole = upright(greys, config.size, mean_film)
    if config.lungs:
        lungs, within = find_lungs(whole.square), WHOLE
        planes, box = lung_film(whole.greys, lungs, config.size), lungs.box
    else:
        planes, within = whole.small, box
    warnings = *whole.warnings, *warnings, *grain_warnings(ranged(planes[:1]))
    return Film(planes, whole.square, whole.turned, warnings, within, box)


def prepare(case: Case, config: ModelConfig, tokenizer: Tokenizer, mean_film: Tensor) -> Prepared:
    """One case as a batch of one, on the CPU."""
    square = tokens = ids = lengths = sound = read = None
    warnings: list[str] = []
    if case.image is not None:
        read = prepare_film(case.image, config.image, mean_film)
        warnings += read.warnings
        square = standardise(read.planes, config.image)
    if case.notes is not None:
        tokens = read_tokens(tokenizer, case.notes.text, config.notes.max_tokens)
        ids, lengths = batch_tokens([tokens])
        end = max(stop for _, stop in tokens.spans)
        if case.notes.text[end:].strip() and len(tokens.ids) == config.notes.max_tokens:
            warnings.append(
                f"The note is long: the model read its first {end} characters "
                f"of {len(case.notes.text)}."
            )
    if case.audio is not None:
        sound = waveform(case.audio, config.audio.max_seconds)
        if case.audio.seconds > config.audio.max_seconds:
            warnings.append(
                f"The recording is long: the model heard its first {config.audio.max_seconds:.0f} "
                f"of {case.audio.seconds:.0f} seconds."
            )
    inputs = Inputs(
        present=torch.tensor([[m in case.present for m in MODALITIES]]),
        film=None if square is None else square[None],
        tokens=ids,
        lengths=lengths,
        waveform=None if sound is None else sound[None],
    )
    seconds = 0.0 if sound is None else len(sound) / SAMPLE_RATE
    start = 0.0 if case.audio is None else case.audio.start
    return Prepared(inputs, tokens, seconds, tuple(warnings), read, start)
