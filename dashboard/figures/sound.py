"""One recording's numbers -> drawings over time as HTML; pure functions."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.foreign import escape
from dashboard.markup import signed
from dashboard.text import Texts
from mmbm.branches.audio.config import AudioConfig
from mmbm.case import SAMPLE_RATE

__all__ = [
    "by_second",
    "envelope",
    "mel_row",
    "sound",
    "strongest_second",
    "time_strip",
    "time_sums",
]

TALL = 96  # rows of the waveform's picture
WAVE = 170  # its grey, on black
SPAN_DB = 60.0  # decibels from black to white, below the loudest
HERTZ = (100, 250, 500, 1000, 2000, 4000)  # labelled on a spectrogram
COLUMNS = 900  # of the spectrogram, at most


def envelope(waveform: NDArray[np.float32], points: int = 1000) -> tuple[Any, Any, Any]:
    """Times (s), lowest and highest sample of each of at most ``points`` stretches."""
    step = max(1, math.ceil(len(waveform) / points))
    whole = len(waveform) // step * step
    rows = waveform[:whole].reshape(-1, step)
    times = (np.arange(len(rows)) + 0.5) * step / SAMPLE_RATE
    return times, rows.min(axis=1), rows.max(axis=1)


def time_sums(share: NDArray[np.floating], seconds: float) -> tuple[Any, Any, float]:
    """(bands, times) shares -> middles (s), sums over the bands, and the step (s)."""
    sums = np.asarray(share, dtype=np.float64).sum(axis=0)
    step = seconds / len(sums)
    return (np.arange(len(sums)) + 0.5) * step, sums, step


def strongest_second(share: NDArray[np.floating], seconds: float) -> int:
    """The whole second whose shares sum to most, up or down; (bands, times) shares."""
    middles, sums, _ = time_sums(share, seconds)
    by_second = np.bincount(np.asarray(middles, dtype=int), weights=sums)
    return int(np.abs(by_second).argmax())


def sound(
    waveform: NDArray[np.float32],
    decibels: NDArray[np.float32],
    share: NDArray[np.floating] | None,
    seconds: float,
    *,
    config: AudioConfig,
    say: Texts,
    limit: float | None = None,
    marked: int | None = None,
) -> str:
    """Waveform, mel spectrogram and share of each moment, on one time axis, as HTML.

    ``decibels`` is (mels, frames); ``share`` (bands, times) in logits; both over the ``seconds``
    that the model hears. ``limit`` is the largest share of a moment over all findings, so that
    they share one axis. ``marked`` is a second to point out.
    """
    mark = "" if marked is None else marking(marked, seconds)
    rows = [
        track(say("sound.waveform"), wave(waveform[: round(seconds * SAMPLE_RATE)]) + mark, "wave"),
        track(say("sound.spectrogram"), spectrogram(decibels, config) + mark, "spectrogram"),
    ]
    if share is not None:
        times, sums, step = time_sums(share, seconds)
        strip = bars(times, sums, step, seconds, limit or 1e-6) + mark
        rows.append(track(f"{say('sound.share')} ±{limit or 0:.2g}", strip, "shares"))
    return f'<div class="tracks">{"".join(rows)}{axis(seconds, say)}</div>'


def time_strip(
    times: NDArray[np.floating],
    sums: NDArray[np.floating],
    step: float,
    say: Texts,
    *,
    scale: float,
) -> str:
    """Signed shares over time on their own, as HTML; ``scale`` is at full height."""
    seconds = float(times[-1]) + step / 2 if len(times) else step
    strip = bars(times, sums, step, seconds, scale)
    label = f"{say('sound.share')} ±{scale:.2g}"
    return f'<div class="tracks">{track(label, strip, "shares")}{axis(seconds, say)}</div>'


def track(name: str, drawing: str, kind: str) -> str:
    """A named row."""
    return (
        f'<div class="track {kind}"><span class="track-name">{escape(name)}</span>'
        f'<div class="track-body">{drawing}</div></div>'
    )


def wave(waveform: NDArray[np.float32]) -> str:
    """The outline of a waveform at its own largest swing, as a picture."""
    _, low, high = envelope(waveform)
    top = max(float(np.abs(waveform).max()) if len(waveform) else 0.0, 1e-9)
    ends = np.stack([low, high]) / top  # (2, columns) in [-1, 1]
    rows = np.linspace(1, -1, TALL)[:, None]
    inside = (rows >= ends[0] - 1 / TALL) & (rows <= ends[1] + 1 / TALL)  # a line at least
    return picture(np.where(inside, WAVE, 0))


def picture(grey: NDArray[Any]) -> str:
    """(height, width) of 0 to 255 as a picture that fills its track."""
    packed = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(packed, "PNG")
    source = base64.b64encode(packed.getvalue()).decode()
    return f'<img src="data:image/png;base64,{source}" alt="">'


def bars(
    times: Sequence[float] | NDArray[np.floating],
    sums: Sequence[float] | NDArray[np.floating],
    step: float,
    seconds: float,
    limit: float,
) -> str:
    """A bar for each moment: up where it raises, down where it lowers, its number as its title."""
    drawn = ['<i class="zero"></i>']
    for time, share in zip(times, sums, strict=True):
        high = min(1.0, abs(float(share)) / limit) * 48
        left, wide = (time - step / 2) / seconds * 100, step / seconds * 100
        drawn.append(
            f'<b class="{"raises" if share > 0 else "lowers"}" style="left:{left:.2f}%;'
            f'width:{wide:.2f}%;top:{50 - high if share > 0 else 50:.1f}%;height:{high:.1f}%" '
            f'title="{time:.2f} s: {signed(float(share), 4)}"></b>'
        )
    return "".join(drawn)


def by_second(
    times: NDArray[np.floating], sums: NDArray[np.floating], say: Texts
) -> list[tuple[str, str]]:
    """The shares of each second, for who cannot see the bars."""
    whole = np.bincount(np.asarray(times, dtype=int), weights=sums)
    return [
        (say("sound.second", start=start, end=start + 1), signed(float(share), 3))
        for start, share in enumerate(whole)
    ]


def marking(second: int, seconds: float) -> str:
    """A frame around one second, over a track."""
    left, wide = 100 * second / seconds, 100 / seconds
    return f'<i class="marked" style="left:{left:.2f}%;width:{wide:.2f}%"></i>'


def axis(seconds: float, say: Texts) -> str:
    """Labels of the seconds below the tracks."""
    step = next(s for s in (0.5, 1, 2, 5, 10, 20, 60, 600) if seconds / s <= 8 or s == 600)
    labels = "".join(
        f'<span style="left:{100 * at / seconds:.2f}%">{at:g}</span>'
        for at in np.arange(0, seconds, step)
    )
    name = escape(say("sound.time"))
    return (
        f'<div class="track times"><span class="track-name">{name}</span>'
        f'<div class="track-body">{labels}</div></div>'
    )


def mel_row(hertz: float, config: AudioConfig) -> float:
    """The row of a frequency in a mel spectrogram (HTK mel, equal steps)."""

    def mel(h: float) -> float:
        return 2595 * math.log10(1 + h / 700)

    bottom, top = mel(config.low_hz), mel(config.high_hz)
    return (mel(hertz) - bottom) / (top - bottom) * (config.mels + 1) - 1


def spectrogram(decibels: NDArray[np.float32], config: AudioConfig) -> str:
    """At most about 900 columns, each the loudest of the frames it stands for; low notes below."""
    step = max(1, math.ceil(decibels.shape[1] / COLUMNS))
    columns = np.maximum.reduceat(decibels, np.arange(0, decibels.shape[1], step), axis=1)
    levels = (columns - float(columns.max()) + SPAN_DB) / SPAN_DB
    places = {h: 100 * (mel_row(h, config) + 0.5) / config.mels for h in HERTZ}
    labels = "".join(
        f'<span style="bottom:{place:.1f}%">{hertz}</span>'
        for hertz, place in places.items()
        if 8 < place < 92  # whole labels
    )
    grey = picture(np.clip(levels[::-1], 0, 1) * 255)
    return f'{grey}<div class="hertz">{labels}</div>'
