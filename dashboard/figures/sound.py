"""One recording's numbers -> plotly figures; pure functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.colours import INK, LOWERS, MUTED, RAISES
from dashboard.figures.look import plain
from dashboard.text import Texts
from mmbm.branches.audio.config import AudioConfig
from mmbm.case import SAMPLE_RATE

__all__ = ["envelope", "mel_row", "sound", "strongest_second", "time_strip", "time_sums"]


def envelope(waveform: NDArray[np.float32], points: int = 1200) -> tuple[Any, Any, Any]:
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


def bars_over_time(times: Any, sums: Any, step: float) -> go.Bar:
    return go.Bar(
        x=times,
        y=sums,
        width=step,
        marker={"color": [RAISES if s > 0 else LOWERS for s in sums], "line": {"width": 0}},
        hovertemplate="%{x:.2f} s: %{y:+.4f}<extra></extra>",
        showlegend=False,
    )


def time_strip(times: Any, sums: Any, step: float, say: Texts) -> go.Figure:
    """Signed shares over time on their own."""
    figure = plain(go.Figure(bars_over_time(times, sums, step)), 190)
    figure.update_xaxes(title_text=say("sound.time"))
    figure.update_yaxes(title_text=say("sound.share"))
    return figure.update_layout(bargap=0)


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
) -> go.Figure:
    """Waveform, mel spectrogram and share of each moment, on one time axis.

    ``decibels`` is (mels, frames); ``share`` (bands, times) in logits; both over the ``seconds``
    that the model hears. ``limit`` is the largest share of a moment over all findings, so that
    they share one axis. ``marked`` is a second to point out.
    """
    figure = make_subplots(
        rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.035, row_heights=[0.24, 0.46, 0.3]
    )
    times, low, high = envelope(waveform[: round(seconds * SAMPLE_RATE)])
    figure.add_trace(
        go.Scatter(
            x=np.concatenate([times, times[::-1]]),
            y=np.concatenate([high, low[::-1]]),
            fill="toself",
            line={"width": 0.6, "color": MUTED},
            fillcolor=MUTED,
            hoverinfo="skip",
            showlegend=False,
        ),
        row=1,
        col=1,
    )
    figure.add_trace(spectrogram(decibels, config), row=2, col=1)
    if share is not None:
        figure.add_trace(bars_over_time(*time_sums(share, seconds)), row=3, col=1)
    plain(figure, 400)
    figure.update_layout(bargap=0)
    figure.update_xaxes(range=[0, seconds], showgrid=False)
    figure.update_xaxes(title_text=say("sound.time"), row=3, col=1)
    figure.update_yaxes(title={"font": {"size": 11}, "standoff": 4}, tickfont={"size": 10})
    figure.update_yaxes(
        title_text=say("sound.waveform"), showticklabels=False, showgrid=False, row=1, col=1
    )
    hertz = [t for t in (100, 250, 500, 1000, 2000, 4000) if config.low_hz <= t <= config.high_hz]
    rows = [mel_row(h, config) for h in hertz]
    figure.update_yaxes(
        title_text=say("sound.spectrogram"), tickvals=rows, ticktext=hertz, row=2, col=1
    )
    if marked is not None:
        figure.add_vrect(marked, marked + 1, line={"width": 2, "color": INK}, row="all", col=1)
    top = limit or 1e-6
    figure.update_yaxes(
        title_text=say("sound.share"), range=[-1.1 * top, 1.1 * top], zeroline=True, row=3, col=1
    )
    return figure


def mel_row(hertz: float, config: AudioConfig) -> float:
    """The row of a frequency in a mel spectrogram (HTK mel, equal steps)."""

    def mel(h: float) -> float:
        return 2595 * math.log10(1 + h / 700)

    bottom, top = mel(config.low_hz), mel(config.high_hz)
    return (mel(hertz) - bottom) / (top - bottom) * (config.mels + 1) - 1


def spectrogram(decibels: NDArray[np.float32], config: AudioConfig) -> go.Heatmap:
    """At most about 900 columns, each the loudest of the frames it stands for."""
    step = max(1, math.ceil(decibels.shape[1] / 900))
    edges = np.arange(0, decibels.shape[1], step)
    columns = np.maximum.reduceat(decibels, edges, axis=1)
    top = float(columns.max())
    return go.Heatmap(
        z=np.round(columns, 1),
        x=(edges + 0.5 * step) * config.hop / SAMPLE_RATE,
        y=np.arange(config.mels),
        colorscale="Greys",
        zmin=top - 60,
        zmax=top,
        showscale=False,
        hovertemplate="%{x:.2f} s: %{z:.0f} dB<extra></extra>",
    )
