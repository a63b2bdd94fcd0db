"""The note, with what each of its words did to the chosen finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from dashboard import markup, models, state
from dashboard.figures import whatif as whatif_figures
from dashboard.foreign import escape, verbatim
from dashboard.parts import badge
from dashboard.parts.closer_map import facts, full_colour
from dashboard.review import Review
from dashboard.text import Texts
from mmbm.branches.notes.evidence import WordShare
from mmbm.branches.notes.negation import negated
from mmbm.branches.notes.prepare import PreparedNotes
from mmbm.branches.notes.space import WORDS
from mmbm.case import Case
from mmbm.errors import MMBMError
from mmbm.explain.attribution import Attribution, attribute
from mmbm.explain.maps import EvidenceMaps
from mmbm.explain.whatif import changes, exchanged

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
        coloured(seen, shares, seen.word_scale, say)
        scale = say("words.scale", scale=f"{seen.word_scale:.3f}")
        told(f"{scale} {say('words.no_verdict')}", say)
    edited(seen, maps.finding, say)


def coloured(seen: Review, shares: Sequence[WordShare], scale: float, say: Texts) -> None:
    """The words, the clauses that did most, each a link to its place, and all as a table."""
    assert seen.analysis.case.notes is not None
    text, read = seen.analysis.case.notes.text, reading(seen)
    st.html(markup.words(text, shares, scale=scale, anchor="word", reading=read))
    st.html(
        f"{legend(read, len(text.rstrip()), say)}"
        f"{markup.strongest_clauses(text, shares, say, anchor='word')}"
        f"{markup.folded_table(markup.clauses_table(text, shares, say), say)}"
    )


def reading(seen: Review) -> markup.Reading:
    """How the model read the note, and what the note denies by its wording."""
    notes, prepared = seen.analysis.case.notes, seen.analysis.prediction.features.prepared["notes"]
    assert notes is not None
    if not isinstance(prepared, PreparedNotes):
        return markup.Reading(negated(notes.text), end=len(notes.text))
    tokens, unknown = prepared.tokens, seen.config.notes.unknown
    return markup.Reading(
        denied=negated(notes.text),
        unknown=frozenset(
            span[0] for span, id_ in zip(tokens.spans, tokens.ids, strict=True) if id_ == unknown
        ),
        end=max((end for _, end in tokens.spans), default=0),
    )


def legend(read: markup.Reading, characters: int, say: Texts) -> str:
    """What each kind of mark in this note means."""
    told = {"denied": read.denied, "unknown": read.unknown, "unread": read.end < characters}
    marks = " · ".join(
        f'<span class="{mark}">{escape(say(f"words.{mark}"))}</span>'
        for mark, there in told.items()
        if there
    )
    return f'<div class="small">{marks}</div>' if marks else ""


def edited(seen: Review, finding: str, say: Texts) -> None:
    """The note to be changed in place, and what the change does to the account."""
    notes = seen.analysis.case.notes
    if notes is None or not st.toggle(say("words.edit"), key="words-edit"):
        return
    text = st.text_area(say("whatif.note"), notes.text, height=160, key=state.whatif_key("words"))
    if text == notes.text:
        return
    try:
        changed = Case(notes=replace(notes, text=text))
        after = exchanged(models.predictor(), seen.analysis.prediction, changed)
        both = models.predictor().alone(lambda: changes(seen.analysis.prediction, after))
    except MMBMError as refusal:
        st.error(verbatim(say.of(refusal)))
        return
    change = next(change for change in both if change.finding == finding)
    st.html(whatif_figures.account_table(change, say))


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
    assert isinstance(found.values, tuple)
    scale = full_colour(seen)
    with st.container(key="words-shown"):
        coloured(seen, found.values, scale, say)
    told(f"{facts(seen, found, say)} {say('closer.scale', scale=f'{scale:.2g}')}", say)
    badge.show(seen, key, found, "words-shown", fresh=fresh, say=say, brief=True)
