"""One method's map on its part, with what it is measured from and the scale it is drawn on."""

from __future__ import annotations

from math import isnan

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import markup, state
from dashboard.figures import sound as sound_figures
from dashboard.figures.film import block_sums
from dashboard.foreign import escape, verbatim
from dashboard.parts.evidence import film
from dashboard.parts.other import rows
from dashboard.review import Review
from dashboard.text import Texts
from mmbm.branches.registry import space_named
from mmbm.case import MODALITIES, SAMPLE_RATE
from mmbm.explain.attribution import NO_BASELINE, Attribution

__all__ = ["baseline_words", "draw", "fraction", "full_colour", "scale_of"]

BLOCKS = 32  # tiles a side in which pixel shares are summed; single pixels are noise to the eye
STEP = 0.5  # seconds in which shares of sound are summed; finer ones are lost on a scale for all
FULL = 0.2  # of the case's largest contribution: what one block, word or moment has full colour at
NEGLIGIBLE = 0.05  # of the case's largest contribution, below which a map is no evidence


def full_colour(seen: Review) -> float:
    """Logits of full colour, one for all maps of the case: no map is stretched to its own."""
    return FULL * largest(seen)


def largest(seen: Review) -> float:
    """The case's largest contribution over all parts and findings, in logits."""
    return max(abs(c) for account in seen.analysis.accounts for c in account.contributions.values())


def draw(seen: Review, found: Attribution, place: int, say: Texts) -> None:
    """Facts, map and scale; a map too weak to be seen is said to be none."""
    st.html(f'<div class="small">{escape(facts(seen, found, say))}</div>')
    shares = by_unit(seen, found)
    own, scale = found.method in NO_BASELINE, scale_of(seen, found, shares)
    whole = float(np.abs(shares).sum())
    if not own and whole < NEGLIGIBLE * largest(seen):
        line = say("closer.none", whole=f"{whole:.2g}", largest=f"{largest(seen):.2g}")
        st.html(f'<div class="blank">{escape(line)}</div>')
    on_part(seen, found, shares, scale, place, say)
    line = say("closer.own_scale" if own else "closer.scale", scale=f"{scale:.2g}")
    st.html(f'<div class="small">{escape(line)}</div>')


def scale_of(seen: Review, found: Attribution, shares: NDArray[np.float64]) -> float:
    """The share of full colour; a method that measures from nothing has a scale of its own."""
    if found.method not in NO_BASELINE:
        return full_colour(seen)
    return max((float(np.abs(shares).max()) if shares.size else 0.0), 1e-9)


def facts(seen: Review, found: Attribution, say: Texts) -> str:
    """Method, baseline and steps, and what the shares sum to."""
    if found.method in NO_BASELINE:
        baseline = say("closer.no_baseline")
    else:
        names = space_named(found.over)[1].baselines
        name = next(n for n, words in names.items() if words == found.baseline)
        baseline = baseline_words(found.over, name, say)
    line = say("closer.facts", method=found.method, baseline=baseline, steps=found.steps)
    if isnan(found.explained):
        return f"{line} {say('closer.no_sum')}"
    contribution = seen.analysis.account(found.finding).contributions[found.modality]
    return f"{line} " + say(
        "closer.sum",
        explained=markup.signed(found.explained, 3),
        contribution=markup.signed(contribution, 3),
        offset=markup.signed(contribution - found.explained, 3),
        delta=fraction(found.delta),
    )


def baseline_words(over: str, name: str, say: Texts) -> str:
    """What a baseline is called."""
    own = space_named(over)[1].baselines[name]
    return verbatim(say.strings.get(f"closer.baseline.{over}.{name}", own))


def fraction(part: float) -> str:
    """A fraction as a percentage of two digits; what rounding leaves is "< 0.01 %"."""
    percent = 100 * part
    return "< 0.01 %" if percent < 0.01 else f"{percent:.{0 if percent >= 10 else 2}f} %"


def by_unit(seen: Review, found: Attribution) -> NDArray[np.float64]:
    """What is drawn, in logits: (rows, columns) blocks, (words,) or (moments,)."""
    if isinstance(found.values, tuple):
        return np.array([word.share for word in found.values], dtype=np.float64)
    values = np.asarray(found.values, dtype=np.float64)
    if found.over == "pixels":
        return block_sums(values, BLOCKS)
    if found.modality not in MODALITIES:
        return values.ravel()
    if found.over == "bands":
        values = values.sum(axis=0)
    return np.add.reduceat(values, np.arange(0, len(values), moment(seen, found)))


def moment(seen: Review, found: Attribution) -> int:
    """How many samples or frames are summed to one moment."""
    rate = SAMPLE_RATE / (seen.config.audio.hop if found.over == "bands" else 1)
    return max(1, round(STEP * rate))


def on_part(
    seen: Review,
    found: Attribution,
    shares: NDArray[np.float64],
    scale: float,
    place: int,
    say: Texts,
) -> None:
    """The map over the film, in the note, or over time."""
    picture = seen.analysis.case.image
    if found.over == "pixels" and picture is not None:
        film(
            state.film_of(picture),
            shares,
            scale=scale,
            finding=say.name("finding", found.finding),
            say=say,
            key=f"closer-viewer-{place}",
        )
    elif isinstance(found.values, tuple) and seen.analysis.case.notes is not None:
        text = seen.analysis.case.notes.text
        st.html(markup.words(text, found.values, scale=scale))
        st.html(markup.strongest_clauses(text, found.values, say))
    elif found.modality not in MODALITIES:
        st.html(markup.facts_table(rows(seen, found.modality, found.values, say)))
    else:
        hop = seen.config.audio.hop if found.over == "bands" else 1
        step = moment(seen, found) * hop / SAMPLE_RATE
        times = (np.arange(len(shares)) + 0.5) * step
        drawn = sound_figures.time_strip(times, shares, step, say, scale=scale)
        line = say("closer.bins", milliseconds=round(1000 * step))
        table = markup.facts_table(sound_figures.by_second(times, shares, say))
        folded = markup.folded_table(table, say)
        st.html(f'{drawn}{folded}<div class="small">{escape(line)}</div>')
