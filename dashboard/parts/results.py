"""The results of one case: warnings, findings, the account of the chosen one, and its evidence."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard import keeping, state, stored
from dashboard.foreign import escape, verbatim
from dashboard.parts.account import account_of
from dashboard.parts.answers import answers
from dashboard.parts.beside import beside_map, pick_beside
from dashboard.parts.closer import closer
from dashboard.parts.decision import decision
from dashboard.parts.evidence import blank, film_map, map_in_words
from dashboard.parts.export import export
from dashboard.parts.note import note
from dashboard.parts.other import others
from dashboard.parts.over_time import others_of_patient, timeline
from dashboard.parts.prevalence import at_prevalence
from dashboard.parts.sound import sound, sound_carried, sound_told
from dashboard.parts.tabs import open_tab
from dashboard.parts.whatif import whatif
from dashboard.review import Review
from dashboard.text import Texts
from mmbm.case import MODALITIES
from mmbm.errors import StoreError
from mmbm.explain.ledger import Ledger
from mmbm.explain.maps import EvidenceMaps

__all__ = ["results"]


@st.fragment
def results(seen: Review, say: Texts) -> None:
    """All that stands beside the film; a fragment, so that choosing a finding reruns only this."""
    try:
        if stored.store_is_on() and not noted(seen):
            st.rerun()
        beside(seen, say)
    except StoreError as refusal:
        st.error(verbatim(say.of(refusal)))


def noted(seen: Review) -> bool:
    """Keep that the results of a stored case are shown; whether they may still be, of this case.

    Raises StoreError.
    """
    if not (state.at_hand(seen.analysis.case) and keeping.may_be_shown()):
        return False
    keeping.show(seen)
    state.follow_address()
    return True


def beside(seen: Review, say: Texts) -> None:
    """Findings, account, evidence and download. Raises StoreError."""
    finding, analysis = answers(seen, say)
    common = analysis.prevalences
    account = at_prevalence(analysis.account(finding), common)
    account_of(analysis, account, say, common.shift(finding))
    maps = seen.analysis.map(finding)  # after the numbers, which need no map
    unseen = st.container(key="overlay")
    with unseen:
        film_map(seen, maps, say)
        sound_told(seen, maps, say)
    beside_map(seen, finding, maps, say)
    opened = evidence(seen, finding, account, maps, say, moved=bool(common.wanted))
    with unseen:
        sound_carried(seen, opened == "sound")
    export(analysis, finding, say)


def evidence(
    seen: Review, finding: str, account: Ledger, maps: EvidenceMaps, say: Texts, *, moved: bool
) -> str:
    """What carried the account, in tabs; only the open one is drawn. Returns its name."""
    tabs: dict[str, Callable[[], None]] = {
        "notes": partial(notes, seen, maps, say),
        "sound": partial(sounds, seen, maps, say),
        "film": partial(pictures, seen, account, maps, say),
        "closer": partial(closer, seen, finding, say),
        "whatif": partial(whatif, seen, finding, say, moved=moved),
    }
    if any(m not in MODALITIES for m in seen.config.modalities):
        tabs = {"other": partial(others, seen, account, maps, say)} | tabs
    if stored.store_is_on():
        tabs = of_the_store(seen, finding, say) | tabs
    opened, place = open_tab("review", {name: say(f"tab.{name}") for name in tabs}, say)
    state.ask_again(opened)
    with place:
        tabs[opened]()
    state.keep_questions(tabs, opened)
    return opened


def of_the_store(seen: Review, finding: str, say: Texts) -> dict[str, Callable[[], None]]:
    """The reader's decision, and the patient's other cases where there are any."""
    tabs: dict[str, Callable[[], None]] = {"decision": partial(decision, seen, say)}
    if others_of_patient():
        tabs["time"] = partial(timeline, finding, say)
    return tabs


def notes(seen: Review, maps: EvidenceMaps, say: Texts) -> None:
    """The note with its map, or that there is none."""
    if seen.analysis.case.notes is None:
        absent("notes", seen, say)
    else:
        note(seen, maps, say)


def sounds(seen: Review, maps: EvidenceMaps, say: Texts) -> None:
    """The lung sound with its map, or that there is none."""
    if seen.analysis.case.audio is None:
        absent("audio", seen, say)
    else:
        sound(seen, maps, say)


def pictures(seen: Review, account: Ledger, maps: EvidenceMaps, say: Texts) -> None:
    """What the map on the film says, and how to work the viewer."""
    if seen.analysis.case.image is None:
        absent("image", seen, say)
        return
    pick_beside(say)
    for line in (map_in_words(seen, account, maps, say), say("viewer.hint")):
        st.html(f'<div class="small">{escape(line)}</div>')


def absent(modality: str, seen: Review, say: Texts) -> None:
    """That a part was not given, and what that did to the sum."""
    line = say("missing.part", part=say.name("modality", modality))
    blank(f"{line} {say('missing.effect')}" if modality in seen.config.modalities else line)
