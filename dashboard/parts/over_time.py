"""One patient over time: priors beside the X-ray, the answer on each date, what changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from dashboard import state, stored, viewer
from dashboard.figures.over_time import Moment, changed, over_time
from dashboard.foreign import escape, verbatim
from dashboard.parts.chart import chart
from dashboard.parts.evidence import LINK, viewer_texts, window_names
from dashboard.text import Texts
from mmbm.errors import MMBMError
from mmbm.store import StoredCase

__all__ = ["others_of_patient", "prior_film", "timeline"]


def others_of_patient() -> list[StoredCase]:
    """The patient's other cases, the newest first; none for a case without a patient."""
    case_id = state.stored_case()
    if case_id is None:
        return []
    patient = stored.store().case(case_id).patient
    cases = stored.store().patient_cases(patient)
    return [case for case in reversed(cases) if case.case_id != case_id]


def timeline(finding: str, say: Texts) -> None:
    """The finding on each date, what changed since the case before, and the follow-ups."""
    case_id = state.stored_case()
    if case_id is None:
        return
    prior_film(say)
    moments = moments_of(finding, case_id)
    now = next((moment for moment in moments if moment.case_id == case_id), None)
    if now is not None and len(moments) > 1:
        before = [moment for moment in moments if moment.day < now.day]
        told = changed(before[-1], now, say) if before else say("time.first")
        st.html(f'<div class="told" role="status">{escape(told)}</div>')
        chart(over_time(moments, say), "over-time", say)
    else:
        st.html(f'<div class="blank">{escape(say("time.nothing"))}</div>')
    follow_ups(say)


def moments_of(finding: str, case_id: str) -> list[Moment]:
    """What the model at hand said of the finding in each dated case that this reader may see."""
    kept = stored.store()
    here = kept.analysis(case_id)
    found = []
    for case in kept.patient_cases(kept.case(case_id).patient):
        analysis = kept.analysis(case.case_id)
        if here is None or analysis is None or case.taken is None:
            continue
        if analysis.weights_sha256 != here.weights_sha256 or not may_see(case.case_id):
            continue
        entry = next((e for e in analysis.report.findings if e.name == finding), None)
        if entry is not None:
            given = {m: v for m, v in entry.contributions.items() if m in case.modalities}
            found.append(Moment(case.case_id, case.taken, entry.logit, given))
    return sorted(found, key=lambda moment: moment.day)


def may_see(case_id: str) -> bool:
    """Whether this reader may see what the model said of a case: he has given his own answers."""
    if not stored.decides_first():
        return True
    if case_id == state.stored_case():
        return True  # this page shows it
    reading = stored.store().reading(case_id, state.reader()) if state.reader() else None
    return reading is not None and reading.locked_at is not None


def follow_ups(say: Texts) -> None:
    """When the patient is to be seen again, by the cases' readings."""
    case_id = state.stored_case()
    here = [] if case_id is None else [stored.store().case(case_id)]
    for case in (*here, *others_of_patient()):
        if case.follow_up is not None:
            key = "time.due" if case.follow_up <= date.today() else "time.follow_up"
            said = say(key, day=say.day(case.follow_up))
            st.html(f'<div class="small">{escape(said)}</div>')


def prior_film(say: Texts) -> None:
    """An earlier X-ray of the patient, in a viewer that follows the large one."""
    priors = [case for case in others_of_patient() if "image" in case.modalities]
    if not priors:
        return
    by_id = {case.case_id: case for case in priors}
    chosen = st.segmented_control(
        say("time.prior"),
        list(by_id),
        default=priors[0].case_id,
        format_func=lambda case_id: verbatim(dated(by_id[case_id], priors, say)),
        key=f"prior-{state.stored_case()}",
        required=True,
    )
    case = by_id[chosen or priors[0].case_id]
    try:
        shown = state.prior_film(case.case_id)
    except MMBMError as refusal:
        st.error(verbatim(say.of(refusal)))
        return
    payload = viewer.pack(
        shown,
        window_names=window_names(shown, say),
        texts=viewer_texts("viewer.unit", say),
        alt=say("time.prior_alt", day=dated(case, priors, say)),
        name="prior",
        link=LINK,
    )
    with st.container(key="prior-film"):
        viewer.show(payload, key="prior-viewer")
    st.button(say("time.open"), key="open-prior", on_click=state.open_stored, args=(case.case_id,))


def dated(case: StoredCase, among: Sequence[StoredCase], say: Texts) -> str:
    """A case by its date; by its number too where two have one date."""
    named = say("time.undated") if case.taken is None else say.day(case.taken)
    alike = sum(other.taken == case.taken for other in among) > 1
    return f"{named} ({case.case_id[:6]})" if alike else named
