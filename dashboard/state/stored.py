"""Which case of the store is at hand, who reads it, and what he wrote and has not kept yet."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard import stored
from dashboard.state.address import LANGUAGE_KEY, remember_or_forget, remembered_text
from dashboard.state.intake import begin, given
from dashboard.state.session import begin_with, held, session
from dashboard.state.who import actor, reader
from dashboard.viewer import Film, develop
from mmbm.errors import MMBMError
from mmbm.reading import Reading
from mmbm.store import Wanted
from mmbm.text import Sentence

__all__ = [
    "choice",
    "choose_cases",
    "chosen_cases",
    "drafted",
    "drop_chosen",
    "follow_address",
    "goes_to_review",
    "kept_as",
    "kept_reading",
    "listing_key",
    "marks_are_due",
    "note_shown",
    "note_too_late",
    "open_from",
    "open_stored",
    "prior_film",
    "refuse",
    "refused",
    "review_address",
    "stored_case",
    "want",
    "wanted",
    "was_shown",
    "was_too_late",
    "written",
]

CASE_KEY = "case"  # in the page's address
_NUMBER = re.compile("[0-9a-f]{1,64}")


def stored_case() -> str | None:
    """The number of the stored case at hand; None where its parts were changed since, or never
    kept."""
    kept = session().stored
    return None if kept is None or kept[1] != given().revision else kept[0]


def kept_as(case_id: str) -> None:
    """The parts at hand are now this case of the store."""
    session().stored = case_id, given().revision


def open_stored(case_id: str) -> None:
    """Callback: a case of the store becomes the one at hand, with its parts as they were kept."""
    kept = session()
    kept.addressed = True
    try:
        files = stored.store().parts(case_id)
        stored.store().log("open", case_id, actor())
    except MMBMError as refusal:
        kept.refusal = refusal.sentence
        return
    begin(stored.offers_of(files))
    kept_as(case_id)
    kept.going = True


def goes_to_review() -> bool:
    """Whether a case was opened on another page than Review; asked once."""
    kept = session()
    going, kept.going = kept.going, False
    return going


def review_address() -> dict[str, str]:
    """What the address of the Review page holds when a case is opened from another page."""
    kept = {key: value for key, value in st.query_params.items() if key == LANGUAGE_KEY}
    case_id = stored_case()
    return kept | ({} if case_id is None else {CASE_KEY: case_id})


def follow_address() -> None:
    """Open the case that the page's address names when it is first asked for; then let it name the
    case at hand."""
    kept = session()
    if not kept.addressed:
        kept.addressed = True
        asked = remembered_text(CASE_KEY)
        if _NUMBER.fullmatch(asked):
            open_stored(asked)
    kept.going = False
    remember_or_forget(CASE_KEY, stored_case())


def was_shown(case_id: str) -> bool:
    """Whether it was noted that this reader saw what the model says of the case."""
    return f"{case_id} {reader()}" in session().shown


def note_shown(case_id: str) -> None:
    """This reader has seen what the model says of the case."""
    session().shown.add(f"{case_id} {reader()}")


def marks_are_due(case_id: str) -> bool:
    """Whether this reader's kept marks were not brought since the case was opened; asked once."""
    kept, key = session(), f"{given().case} {case_id} {reader()}"
    due, kept.marks_of = kept.marks_of != key, key
    return due


def note_too_late() -> None:
    """This reader had seen what the model says of the case at hand before his own answers."""
    session().too_late = f"{stored_case()} {reader()}"


def was_too_late() -> bool:
    """Whether it is so for the case at hand."""
    return stored_case() is not None and session().too_late == f"{stored_case()} {reader()}"


def kept_reading() -> Reading | None:
    """What this reader kept of the case at hand, the last version; None without a store.

    Raises StoreError.
    """
    case_id, name = stored_case(), reader()
    if case_id is None or not name:
        return None
    return stored.store().reading(case_id, name)


def drafted(name: str, first: object = None) -> dict[str, Any]:
    """Key and callback of a widget whose value outlives it until the case changes.

    It begins with ``first``, or with what was written before.
    """
    key = f"draft-{name}-{given().case}"
    if key not in st.session_state:
        st.session_state[key] = session().drafts.get(name, first)
    return {"key": key, "on_change": _keep_draft, "args": (name, key)}


def written(name: str, otherwise: Any = None) -> Any:
    """What such a widget holds now."""
    key = f"draft-{name}-{given().case}"
    return held().get(key, session().drafts.get(name, otherwise))


def _keep_draft(name: str, key: str) -> None:
    session().drafts[name] = held().get(key)


def refuse(said: Sentence) -> None:
    """Remember what the store refused, to be said when the page is drawn next."""
    session().refusal = said


def refused() -> Sentence | None:
    """What the store refused in the last act; said once."""
    kept = session()
    said, kept.refusal = kept.refusal, None
    return said


def wanted() -> Wanted:
    """What the worklist shows."""
    return session().wanted


def want(**changed: Any) -> None:
    """Callback: another page, filter or order of the worklist; a filter begins at page 0."""
    kept = session()
    kept.wanted = kept.wanted.model_copy(update={"page": 0} | changed)


def listing_key(name: str) -> str:
    """The key of a table of cases."""
    return f"listing-{name}"


def open_from(name: str) -> Callable[[], None]:
    """Callback of a table of cases: open the row that was clicked."""

    def opened() -> None:
        case_id = (held().get(listing_key(name)) or {}).get("open")
        if isinstance(case_id, str) and _NUMBER.fullmatch(case_id):
            open_stored(case_id)

    return opened


def choose_cases(shown: tuple[str, ...]) -> Callable[[], None]:
    """Callback of the worklist: the rows that are marked, among those shown."""

    def chosen() -> None:
        told = (held().get(listing_key("worklist")) or {}).get("mark") or []
        marked = {case_id for case_id in told if case_id in shown}
        session().chosen = session().chosen - set(shown) | marked

    return chosen


def chosen_cases() -> frozenset[str]:
    """The cases that are marked in the worklist, on whatever page."""
    return session().chosen


def drop_chosen() -> None:
    """Mark none."""
    session().chosen = frozenset()


def prior_film(case_id: str) -> Film:
    """The X-ray of another case of the store, ready for the screen; the last one is held.

    Raises StoreError, InputError.
    """
    kept = session()
    if kept.prior is None or kept.prior[0] != case_id:
        files = stored.store().parts(case_id)
        stored.store().log("open", case_id, actor())
        picture = stored.case_of({"image": files["image"]}).image
        assert picture is not None
        kept.prior = case_id, develop(picture)
    return kept.prior[1]


def choice(name: str, first: object) -> dict[str, Any]:
    """Key and callback of a widget that chooses what the worklist shows."""
    key = f"worklist-{name}"
    begin_with(key, first)
    return {"key": key, "on_change": _choose, "args": (name, key)}


def _choose(name: str, key: str) -> None:
    value = held().get(key)
    changed: dict[str, Any] = {name: "" if value is None else value}
    if name == "finding" and not value:
        changed["answer"] = ""
        if wanted().order == "probability":
            changed["order"] = "attention"
    want(**changed)
