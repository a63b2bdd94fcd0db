"""The note, with what each of its words did to the chosen finding."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import markup, models, state
from dashboard.foreign import escape
from dashboard.parts import badge
from dashboard.parts.closer_map import facts, full_colour
from dashboard.review import Review
from dashboard.text import Texts
from mmbm.branches.notes.evidence import WordShare
from mmbm.branches.notes.space import WORDS
from mmbm.explain.attribution import Attribution, attribute
from mmbm.explain.maps import EvidenceMaps

__all__ = ["note"]

METHOD, BASELINE = WORDS.methods[0], next(iter(WORDS.baselines))


def note(seen: Review, maps: EvidenceMaps, say: Texts) -> None:
    """The note verbatim, coloured by each word's share.

    By the map from the words themselves where the net is one that it is complete on, for it names
    a sign far more often than the last layer's, whose every place has read the whole note.
    """
    shares = maps.values("notes")
    if seen.analysis.case.notes is None or shares is None:
        return
    kinds = ["input", "last"] if seen.config.notes.encoder == "gru" else ["last"]
    kind = st.segmented_control(
        say("words.map"),
        kinds,
        default=kinds[0],
        format_func=lambda kind: say(f"words.map.{kind}"),
        key="words-map",
        label_visibility="collapsed",
        required=True,
    )
    if kind == "input":
        from_the_words(seen, maps.finding, say)
    else:
        coloured(seen.analysis.case.notes.text, shares, seen.word_scale, say)
        scale = say("words.scale", scale=f"{seen.word_scale:.3f}")
        told(f"{scale} {say('words.no_verdict')}", say)


def coloured(text: str, shares: Sequence[WordShare], scale: float, say: Texts) -> None:
    """The words, and the clauses that did most, each a link to its place."""
    st.html(markup.words(text, shares, scale=scale, anchor="word"))
    st.html(markup.strongest_clauses(text, shares, say, anchor="word"))


def told(line: str, say: Texts) -> None:
    """What the colours are, and why clauses are listed."""
    st.html(f'<div class="small">{escape(line)} {escape(say("words.clauses"))}</div>')


def from_the_words(seen: Review, finding: str, say: Texts) -> None:
    """The default map of the note, made once, for it takes about a forward pass; its verdict."""
    key: state.CloserKey = ("words", METHOD, finding, BASELINE)
    found = state.kept_closer(key)
    fresh = not isinstance(found, Attribution)
    if not isinstance(found, Attribution):
        found = attribute(models.predictor(), seen.analysis.prediction, "words", finding)
        state.keep_closer(key, found)
    assert seen.analysis.case.notes is not None and isinstance(found.values, tuple)
    scale = full_colour(seen)
    with st.container(key="words-shown"):
        coloured(seen.analysis.case.notes.text, found.values, scale, say)
    told(f"{facts(seen, found, say)} {say('closer.scale', scale=f'{scale:.2g}')}", say)
    badge.show(seen, key, found, "words-shown", fresh=fresh, say=say, brief=True)
