"""One recording's numbers -> drawings in SVG and a spectrogram; pure functions."""

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

__all__ = ["envelope", "mel_row", "sound", "strongest_second", "time_strip", "time_sums"]

WIDE = 1000.0  # units of the drawings' width; they stretch to the panel's
SPAN_DB = 60.0  # decibels from black to white, below the loudest
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


def svg(content: str, height: float) -> str:
    return (
        f'<svg viewBox="0 0 {WIDE:.0f} {height:.0f}" preserveAspectRatio="none" aria-hidden="true">'
        f"{content}</svg>"
    )


def wave(waveform: NDArray[np.float32]) -> str:
    """The outline of a waveform at its own largest swing."""
    _, low, high = envelope(waveform)
    top = max(float(np.abs(waveform).max()) if len(waveform) else 0.0, 1e-9)
    x = np.linspace(0, WIDE, len(low))
    up = [f"{a:.0f},{50 - 48 * b / top:.1f}" for a, b in zip(x, high, strict=True)]
    down = [f"{a:.0f},{50 - 48 * b / top:.1f}" for a, b in zip(x[::-1], low[::-1], strict=True)]
    return svg(f'<polygon points="{" ".join([*up, *down])}"></polygon>', 100)


def bars(
    times: Sequence[float] | NDArray[np.floating],
    sums: Sequence[float] | NDArray[np.floating],
    step: float,
    seconds: float,
    limit: float,
) -> str:
    """A bar for each moment: up where it raises, down where it lowers, its number as its title."""
    drawn = [f'<line class="zero" x1="0" x2="{WIDE:.0f}" y1="50" y2="50"></line>']
    for time, share in zip(times, sums, strict=True):
        high = min(1.0, abs(float(share)) / limit) * 48
        left, wide = (time - step / 2) / seconds * WIDE, step / seconds * WIDE
        drawn.append(
            f'<rect class="{"raises" if share > 0 else "lowers"}" x="{left:.1f}" '
            f'width="{wide:.1f}" y="{50 - high if share > 0 else 50:.1f}" height="{high:.1f}">'
            f"<title>{time:.2f} s: {signed(float(share), 4)}</title></rect>"
        )
    return svg("".join(drawn), 100)


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
    grey = Image.fromarray((np.clip(levels[::-1], 0, 1) * 255).astype(np.uint8))
    packed = io.BytesIO()
    grey.save(packed, "PNG")
    source = base64.b64encode(packed.getvalue()).decode()
    hertz = [t for t in (100, 250, 500, 1000, 2000, 4000) if config.low_hz <= t <= config.high_hz]
    labels = "".join(
        f'<span style="bottom:{100 * (mel_row(h, config) + 0.5) / config.mels:.1f}%">{h}</span>'
        for h in hertz
    )
    return f'<img src="data:image/png;base64,{source}" alt=""><div class="hertz">{labels}</div>'
