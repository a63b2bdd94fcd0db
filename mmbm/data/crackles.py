"""Crackles drawn into a recording without, for training: the same chest, but for the one thing.

Of real crackles few recordings can be had, each of one stethoscope and one chest, and a net learns
these by heart. Two copies of one recording, one of them with crackles, differ in those alone, and
when they sound is known, so a net can be asked to speak of them then. A drawn crackle is a short
tone that swells and dies away, at the pitch that is published for fine and for coarse ones; they
come in bursts, as breaths do. No simulation of a chest.

Source: Hoevers & Loudon, Measuring crackles, Chest 1990 (two cycles of a fine crackle take about
5 ms, of a coarse one 10 ms); Piirilä & Sovijärvi, Crackles: recording, analysis and clinical
significance, Eur Respir J 1995.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from mmbm.case import SAMPLE_RATE
from mmbm.data.augment import between, chance

__all__ = ["Kind", "draw_crackles"]

Kind = Literal["fine", "coarse"]

PITCH = {"fine": (280.0, 900.0), "coarse": (110.0, 320.0)}  # Hz
LASTS = 0.02  # s, cut off there


def draw_crackles(waveform: Tensor, kind: Kind) -> tuple[Tensor, Tensor]:
    """(samples,) float32 at 16 kHz -> the same with crackles, and when, (samples,) of 0 and 1.

    A burst each breath, every 1.5 to 5 s, of five to 25 crackles a second; one of them is heard
    however short the recording is. Draws from torch's global generator.
    """
    crackling, when = waveform.clone(), torch.zeros_like(waveform)
    seconds = len(waveform) / SAMPLE_RATE
    peak = float(waveform.abs().quantile(0.999)) * math.exp(between(math.log(0.5), math.log(2.5)))
    breath, pitch = between(1.5, 5.0), between(*map(math.log, PITCH[kind]))
    lasts, rate = between(0.2, 0.6) * breath, between(5.0, 25.0)
    heard = between(0.2, 0.8) * seconds - between(0.1, 0.9) * lasts  # when that one begins
    start = heard % breath - breath
    while start < seconds:
        first, last = (round(max(at, 0.0) * SAMPLE_RATE) for at in (start, start + lasts))
        when[first:last] = 1.0
        for _ in range(round(rate * lasts)):
            at = round(between(start, start + lasts) * SAMPLE_RATE)
            if 0 <= at < len(waveform):
                hertz = math.exp(pitch + between(-0.25, 0.25))
                one = peak * _crackle(hertz)[: len(waveform) - at]
                crackling[at : at + len(one)] += one
        start += breath
    return crackling, when


def _crackle(hertz: float) -> Tensor:
    """A tone that swells and dies away within some cycles, (LASTS,), a peak of about 1."""
    time = torch.arange(round(LASTS * SAMPLE_RATE)) / SAMPLE_RATE
    cycles = time * hertz
    order, fade = between(0.5, 2.0), between(1.0, 2.5)
    swell = cycles**order * (-fade * cycles).exp()
    tone = swell * torch.sin(2 * math.pi * cycles + between(0.0, 6.3))
    size = between(0.5, 1.0) * (1.0 if chance(0.5) else -1.0)
    crackle: Tensor = size * tone / tone.abs().max()
    return crackle
