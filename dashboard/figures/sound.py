"""Shares over time -> drawings as HTML and rows of a table; pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.foreign import escape
from dashboard.markup import signed
from dashboard.text import Texts

__all__ = ["by_second", "strongest_seconds", "time_strip", "time_sums"]


def time_sums(share: NDArray[np.floating], seconds: float) -> tuple[Any, Any, float]:
    """(bands, times) shares -> middles (s), sums over the bands, and the step (s)."""
    sums = np.asarray(share, dtype=np.float64).sum(axis=0)
    step = seconds / len(sums)
    return (np.arange(len(sums)) + 0.5) * step, sums, step


def strongest_seconds(
    share: NDArray[np.floating], seconds: float, most: int = 5
) -> list[tuple[int, float]]:
    """The whole seconds whose shares sum to most, up or down, with the sums, the strongest first.

    ``share`` is (bands, times). A second beside one that is listed already is left out.
    """
    middles, sums, _ = time_sums(share, seconds)
    whole = np.bincount(np.asarray(middles, dtype=int), weights=sums)
    found: list[tuple[int, float]] = []
    for second in np.argsort(-np.abs(whole), kind="stable"):
        apart = all(abs(int(second) - other) > 1 for other, _ in found)
        if apart and whole[second] and len(found) < most:
            found.append((int(second), float(whole[second])))
    return found


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
    """The shares of each second, for readers who cannot see the bars."""
    whole = np.bincount(np.asarray(times, dtype=int), weights=sums)
    return [
        (say("sound.second", start=start, end=start + 1), signed(float(share), 3))
        for start, share in enumerate(whole)
    ]


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
