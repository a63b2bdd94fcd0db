"""The film beside itself with another map: a second viewer that does as the first one does."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import models, state, viewer
from dashboard.foreign import escape, verbatim
from dashboard.parts import running
from dashboard.parts.closer import made, taken, task
from dashboard.parts.closer_map import by_unit, scale_of
from dashboard.parts.evidence import LINK, VIEWER, viewer_texts, window_names
from dashboard.review import Review
from dashboard.state import CloserKey
from dashboard.text import Texts
from mmbm.analysis import Analysis, analyse
from mmbm.branches.registry import branch_of, space_named
from mmbm.case import Case
from mmbm.errors import MMBMError
from mmbm.explain.attribution import NO_BASELINE, Attribution
from mmbm.explain.maps import EvidenceMaps
from mmbm.model.checkpoint import find, shipped

__all__ = ["beside_film", "beside_map", "pick_beside"]

Choice = tuple[str, str]  # "map" or "model" or a space of the picture, and whose
NOTHING: Choice = ("", "")
BESIDE = "beside"  # the second viewer's name
Drawn = tuple[NDArray[np.floating], float]  # (rows, columns) shares in logits, and the full colour


def pick_beside(say: Texts) -> None:
    """What stands beside the film; the page is drawn again where that changes."""
    spaces = branch_of("image").spaces
    here = models.predictor().folder
    choices = [NOTHING, ("map", "")]
    choices += [(space.over, method) for space in spaces for method in space.methods]
    choices += [("model", name) for name in shipped() if find(name) != here]
    now = state.beside() if state.beside() in choices else NOTHING
    chosen = st.selectbox(
        say("beside.label"),
        choices,
        index=choices.index(now),
        format_func=lambda choice: named(choice, say),
        key="beside",
    )
    if chosen != now:
        state.set_beside(chosen)
        st.rerun()


def named(choice: Choice, say: Texts) -> str:
    """A choice in words."""
    kind, name = choice
    if not kind or kind == "map":
        return say(f"beside.{kind or 'nothing'}")
    return say("beside.model", name=name) if kind == "model" else name


def beside_film(case: Case, say: Texts) -> None:
    """The second viewer, without its map; it is not sent the film where the first shows the same.

    Nothing before there are answers, for until then there is no map.
    """
    picture, choice = case.image, state.beside()
    if picture is None or choice == NOTHING or state.kept_review(case) is None:
        return
    film = state.film_of(picture)
    unit = "viewer.unit" if choice[0] in {"map", "model"} else "viewer.unit_closer"
    payload = viewer.pack(
        film,
        window_names=window_names(film, say),
        texts=viewer_texts(unit, say) | {"unit": f"{named(choice, say)} · {say(unit)}"},
        alt=say("viewer.raw_alt"),
        name=BESIDE,
        borrowed=state.film_shown(picture)[0] is film,
        marks_of=VIEWER,
        link=LINK,
    )
    with st.container(key="beside-film"):
        viewer.show(payload, key="beside-viewer")


def beside_map(seen: Review, finding: str, maps: EvidenceMaps, say: Texts) -> None:
    """Make the map of the second viewer, and send it; what it takes or lacks is said here."""
    picture, (kind, name) = seen.analysis.case.image, state.beside()
    if picture is None or not kind:
        return
    try:
        if kind == "map":
            values = maps.values("image")
            found = None if values is None else (values, seen.image_scale)
        elif kind == "model":
            found = by_model(seen, name, finding)
        else:
            found = by_method(seen, (kind, name), finding, say)
    except MMBMError as refusal:
        st.error(verbatim(say.of(refusal)))
        return
    if found is None:
        if kind == "model":
            st.html(f'<div class="small">{escape(say("beside.no_finding", name=name))}</div>')
        return
    share, scale = found
    alt = say("viewer.alt", finding=say.name("finding", finding))
    film = state.film_of(picture)
    with st.container(key="beside-map"):
        payload = viewer.pack_overlay(film, share, scale=scale, alt=alt, name=BESIDE)
        viewer.overlay(payload, key="beside-overlay")


def by_model(seen: Review, name: str, finding: str) -> Drawn | None:
    """The last-layer map of another model; None where it has not this finding. Raises MMBMError."""
    key: CloserKey = ("model", name, "", "")
    other = state.kept_closer(key)
    if not isinstance(other, Analysis):
        other = analyse(seen.analysis.case, models.other_predictor(name))
        state.keep_closer(key, other)
    if finding not in other.findings:
        return None
    values = other.map(finding).values("image")
    return None if values is None else (values, Review(other).image_scale)


def by_method(seen: Review, choice: Choice, finding: str, say: Texts) -> Drawn | None:
    """The map of a method from its first baseline; None, and its progress, until it is made."""
    over, method = choice
    baseline = "" if method in NO_BASELINE else next(iter(space_named(over)[1].baselines))
    key: CloserKey = (over, method, finding, baseline)
    if not made(key):
        if key not in state.jobs():
            running.begin(key, task(seen, key))
        taken(key, say, "beside")
    found = state.kept_closer(key)
    if not isinstance(found, Attribution):
        return None
    shares = by_unit(seen, found)
    return shares, scale_of(seen, found, shares)
