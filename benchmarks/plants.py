"""Evidence put at a known place: an opacity in a film, a sign in a note, crackles in a recording.

Read by ``planted.py``; run by itself it does nothing. Every function returns the altered part and
where the evidence lies in it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch.nn.functional import avg_pool2d, interpolate

from mmbm.branches.image.lungs import Lungs
from mmbm.case import SAMPLE_RATE, Notes, Picture, Sound
from mmbm.data.synthesis.phrases import Phrases
from mmbm.data.synthesis.phrases_en import ENGLISH
from mmbm.data.synthesis.phrases_zh import CHINESE

__all__ = ["SIGNS", "Span", "consolidate", "crackle", "fold_in", "say", "splice"]

SIGNS = {  # LR+ of at least 1.2 in evidence.csv, most of them above 2
    "adult": ("fever", "crackles", "bronchial_breathing", "dullness", "egophony"),
    "child": ("fever", "crackles", "work_of_breathing", "low_oxygen", "chest_pain"),
}
SENTENCES = {"en": "There is {n}.", "zh": "现有{n}。"}
STOPS = re.compile(r"[.。;；\n](?=\s|$|[^\x00-\x7f])")
CYCLES = {"fine": 0.005, "coarse": 0.010}  # s, the first two cycles (Hoevers & Loudon, Chest 1990)
FADE = 0.05  # s


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a note, or seconds of a recording."""

    start: float
    end: float


def _smooth(field: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Two box filters of an odd ``width``, the edges by what lies inside."""
    width = max(1, width // 2 * 2 + 1)
    seen = torch.from_numpy(field)[None, None]
    for _ in range(2):
        seen = avg_pool2d(seen, width, 1, width // 2, count_include_pad=False)
    return np.asarray(seen[0, 0].numpy())


def consolidate(
    picture: Picture, lungs: Lungs, rng: Generator, *, part: float = 0.35, density: float = 0.75
) -> tuple[Picture, NDArray[np.float64]]:
    """A consolidation inside one lung: the altered film, and how far it was lifted where.

    It fills ``part`` of the lung's area, an ellipse of an uneven outline with a soft edge, and lies
    anywhere in it. The local grey is lifted by ``density`` of the way to that of the heart and the
    soft parts; what is about as wide as a rib stays, so ribs are seen through it, and what is finer
    is halved. The second array is (height, width) in [0, 1], 1 where the film was lifted most: over
    the heart, which is as bright, it is not.
    """
    height, width = picture.shown.shape
    fields = torch.from_numpy(lungs.mask).double()[None, None]
    lung = interpolate(fields, (height, width), mode="bilinear")[0, 0].numpy()
    columns = np.flatnonzero(lungs.mask.any(0))
    middle = (columns[0] + columns[-1] + 1) / 2 / lungs.mask.shape[1] * width
    right = np.arange(width) >= middle
    own = lung * (right if rng.random() < 0.5 else ~right)
    rows, places = np.nonzero(own > 0.5)
    tall, wide = np.ptp(rows) + 1, np.ptp(places) + 1
    pick = int(rng.integers(len(rows)))
    centre = rows[pick], places[pick]
    y, x = np.mgrid[:height, :width]
    angle = np.arctan2(y - centre[0], x - centre[1])
    uneven = sum(
        0.08 * float(rng.standard_normal()) * np.cos(k * angle + float(rng.uniform(0, 6.3)))
        for k in (2, 3, 4, 5)
    )
    distance = np.hypot((y - centre[0]) / tall, (x - centre[1]) / wide) / (1 + uneven)
    inside = np.sort(distance[own > 0.5])  # the ellipse grows until it holds its part of the lung
    blob = (distance <= inside[int(part * (len(inside) - 1))]) * own
    profile = _smooth(blob, max(height, width) // 24) * np.sqrt(own)
    profile /= max(float(profile.max()), 1e-6)
    shown = picture.shown.astype(np.float64)
    coarse, middling = (_smooth(shown, max(height, width) // n) for n in (16, 48))
    box = lungs.box.cut(height, width)
    between = shown[box][lung[box] < 0.5]  # heart, spine, chest wall
    level = float(np.quantile(between if len(between) else shown, 0.6))
    detail = (shown - middling) * 0.5 + (middling - coarse)
    lift = density * np.maximum(level - coarse, 0.0)
    altered = np.clip(shown + profile * (coarse + lift + detail - shown), 0.0, 1.0)
    altered = altered.astype(np.float32)
    lifted = profile * lift
    return replace(picture, shown=altered, pixels=altered), lifted / max(lifted.max(), 1e-6)


def _told(text: str, phrases: Phrases, sign: str) -> bool:
    """Whether a note says anything of a sign, in any of the generator's words for it."""
    known = (*phrases.nouns[sign], *phrases.nouns_child.get(sign, ()))
    alone = (*phrases.alone_has.get(sign, ()), *phrases.alone_not.get(sign, ()))
    return any(word.lower() in text.lower() for word in (*known, *alone))


def say(notes: Notes, rng: Generator, *, child: bool) -> tuple[Notes, Span, str] | None:
    """A sign said to be there, after some sentence of a note: the note, where, and which sign.

    None where the note already tells of every sign, present or absent.
    """
    chinese = len(re.findall(r"[一-鿿]", notes.text)) > len(notes.text) / 8
    phrases = CHINESE if chinese else ENGLISH
    untold = [s for s in SIGNS["child" if child else "adult"] if not _told(notes.text, phrases, s)]
    if not untold:
        return None
    sign = str(rng.choice(untold))
    sentence = SENTENCES["zh" if chinese else "en"].format(n=rng.choice(phrases.nouns[sign]))
    stops = [0, *(m.end() for m in STOPS.finditer(notes.text)), len(notes.text)]
    at = int(rng.choice(sorted(set(stops))))
    before, after = notes.text[:at], notes.text[at:]
    gap = "" if chinese or not before or before[-1].isspace() else " "
    if before and before.rstrip()[-1:] not in ".。;；":
        gap = "。" if chinese else ". "
    behind = "" if chinese or not after or after[0].isspace() else " "
    text = before + gap + sentence + behind + after
    return replace(notes, text=text), Span(at, len(text) - len(after)), sign


def crackle(kind: str, rng: Generator) -> NDArray[np.float64]:
    """One crackle, (n_samples,) at 16 kHz: a damped oscillation whose cycles widen."""
    two = CYCLES[kind] * float(rng.uniform(0.8, 1.25))
    time = np.arange(round(3 * two * SAMPLE_RATE)) / SAMPLE_RATE / two
    sound = np.sin(4 * math.pi * time**0.8) * np.exp(-1.9 * time) * np.minimum(time / 0.06, 1.0)
    return np.asarray(sound * float(rng.lognormal(0.0, 0.3)) * rng.choice((-1.0, 1.0)))


def _levelled(waveform: NDArray[np.float64]) -> NDArray[np.float32]:
    return (waveform / max(1.0, float(np.abs(waveform).max()))).astype(np.float32)


def fold_in(
    sound: Sound, rng: Generator, *, seconds: float = 2.0, loud: float = 1.0
) -> tuple[Sound, Span]:
    """Ten to 16 crackles a second, all fine or all coarse, added to a stretch of a recording.

    The middling one's peak is ``loud`` times the recording's 99.9th percentile.
    """
    waveform = sound.waveform.astype(np.float64)
    kind = str(rng.choice(["fine", "coarse"]))
    start = float(rng.uniform(0.0, sound.seconds - seconds))
    peak = loud * float(np.quantile(np.abs(waveform), 0.999)) / 0.7
    for at in rng.uniform(start, start + seconds, int(rng.integers(10, 17) * seconds)):
        part, first = peak * crackle(kind, rng), round(at * SAMPLE_RATE)
        last = min(first + len(part), len(waveform))
        waveform[first:last] += part[: last - first]
    return replace(sound, waveform=_levelled(waveform)), Span(start, start + seconds)


def splice(
    sound: Sound, other: Sound, rng: Generator, *, seconds: float = 2.0
) -> tuple[Sound, Span]:
    """A stretch of a recording replaced by the same of ``other``, as loud, softly joined."""
    waveform = sound.waveform.astype(np.float64)
    shorter = min(len(waveform), len(other.waveform))
    first = int(rng.integers(0, shorter - round(seconds * SAMPLE_RATE)))
    cut = slice(first, first + round(seconds * SAMPLE_RATE))
    own, new = waveform[cut], other.waveform[cut].astype(np.float64)
    new = new * np.sqrt(np.mean(waveform**2) / max(np.mean(other.waveform**2), 1e-12))
    along = np.arange(len(own)) / SAMPLE_RATE
    share = np.clip(np.minimum(along, seconds - along) / FADE, 0.0, 1.0)
    waveform[cut] = np.sqrt(1 - share) * own + np.sqrt(share) * new
    start = first / SAMPLE_RATE
    return replace(sound, waveform=_levelled(waveform)), Span(start, start + seconds)


def turns(count: int, of: int) -> Iterator[int]:
    """``count`` places spread evenly over ``of``, again from the start where there are fewer."""
    yield from (k * of // count if count <= of else k % of for k in range(count))
