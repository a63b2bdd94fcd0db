"""The only user of ``st.session_state``: what the page remembers of one reader.

What patients' files hold lives here and nowhere else, for the caches (:mod:`dashboard.models`) are
shared by all readers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, cast

import streamlit as st

from dashboard.given import Part, sample_files, samples
from dashboard.jobs import Job
from dashboard.review import Review
from dashboard.text import LANGUAGES, Language, Texts, texts
from mmbm.case import MODALITIES, Case, Modality
from mmbm.data.quality.report import DataReport
from mmbm.explain.attribution import Over
from mmbm.explain.flips import Flip
from mmbm.trust.verdict import MapVerdict

__all__ = [
    "LANGUAGE_KEY",
    "CloserKey",
    "FlipKey",
    "JobKey",
    "VerdictKey",
    "case",
    "choose_sample",
    "clear",
    "forget",
    "jobs",
    "keep",
    "keep_closer",
    "keep_data_report",
    "keep_flip",
    "keep_verdict",
    "kept_closer",
    "kept_data_report",
    "kept_flip",
    "kept_review",
    "kept_verdict",
    "parts",
    "reset_whatif",
    "say",
    "take_frame",
    "take_text",
    "take_upload",
    "typed_key",
    "was_flipped",
    "whatif_key",
    "widget_key",
]

LANGUAGE_KEY = "language"
CloserKey = tuple[Over, str, str, str]  # space, method, finding, baseline
FlipKey = tuple[Modality, str]  # part, finding
VerdictKey = tuple[Literal["verdict"], Over, str, str, str]  # of the map that is judged
JobKey = CloserKey | FlipKey | VerdictKey  # of what the job's answer is kept by


@dataclass(slots=True)
class Session:
    """All that this page remembers of one reader."""

    parts: dict[Modality, Part] = field(default_factory=lambda: {m: Part() for m in MODALITIES})
    review: Review | None = None
    closer: dict[CloserKey, object] = field(default_factory=dict)
    verdicts: dict[CloserKey, MapVerdict] = field(default_factory=dict)
    flips: dict[FlipKey, Flip | None] = field(default_factory=dict)
    jobs: dict[JobKey, Job] = field(default_factory=dict)
    whatif_turn: int = 0  # in the keys of the what-if's widgets; a new turn empties them
    data_report: DataReport | None = None


def _session() -> Session:
    if "session" not in st.session_state:
        st.session_state["session"] = Session()
    return cast(Session, st.session_state["session"])


def say() -> Texts:
    """The strings of the language the reader chose."""
    chosen = st.session_state.get(LANGUAGE_KEY, "en")
    return texts(cast(Language, chosen if chosen in LANGUAGES else "en"))


def parts() -> dict[Modality, Part]:
    """The three places of the intake."""
    return _session().parts


def case() -> Case:
    """The parts that could be read, as a case."""
    read: dict[str, Any] = {m: part.value for m, part in parts().items()}
    return Case(**read)


def widget_key(modality: Modality, widget: str) -> str:
    """A widget's key; it changes when the part is cleared, which empties the widget."""
    return f"{modality}-{widget}-{parts()[modality].turn}"


def take_upload(modality: Modality, key: str) -> None:
    """Callback of an uploader or recorder: hand its file in, or clear the part."""
    upload = st.session_state[key]
    part = parts()[modality]
    if upload is None:
        part.clear()
    else:
        part.offer(upload.getvalue(), upload.name)
        typed = widget_key(modality, "typed")
        if typed in st.session_state:
            st.session_state[typed] = ""


def take_text(key: str) -> None:
    """Callback of the text box: the note as typed, or none."""
    part = parts()["notes"]
    text = st.session_state[key]
    if not text.strip():
        part.clear()
        return
    part.content, part.typed = None, text
    part.value, part.error, part.pending = None, "", True


def typed_key() -> str:
    """The text box's key; the box starts with what was typed before the page was left."""
    key, typed = widget_key("notes", "typed"), parts()["notes"].typed
    if typed is not None and key not in st.session_state:
        st.session_state[key] = typed
    return key


def take_frame(key: str) -> None:
    """Callback of the frame picker; frames are shown from 1, kept from 0."""
    part = parts()["image"]
    part.frame = int(st.session_state[key]) - 1
    part.error, part.pending = "", True


def clear(modality: Modality) -> None:
    """Drop one part."""
    parts()[modality].clear()


def forget() -> None:
    """New case: drop all parts and everything computed from them."""
    for part in parts().values():
        part.clear()
    session = _session()
    session.review = None
    drop_answers(session)


def choose_sample(key: str) -> None:
    """Callback of the sample list: hand in the files of the sample case."""
    name = st.session_state[key]
    st.session_state[key] = None
    if name not in samples():
        return
    forget()
    for modality, path in sample_files(name).items():
        parts()[modality].offer(path.read_bytes(), f"{name}/{path.name}")


def kept_review(of: Case) -> Review | None:
    """The review of exactly these parts, if it was made already."""
    kept = _session().review
    same = kept is not None and all(getattr(kept.case, m) is getattr(of, m) for m in MODALITIES)
    return kept if same else None


def keep(made: Review) -> None:
    """Remember the review of the current case; what was computed for the last one goes."""
    session = _session()
    session.review = made
    drop_answers(session)


def drop_answers(session: Session) -> None:
    """Forget what was computed for the last case, and what was asked of it; stop what still is."""
    for job in session.jobs.values():
        job.stop()
    session.jobs.clear()
    session.closer.clear()
    session.verdicts.clear()
    session.flips.clear()
    session.whatif_turn += 1


def kept_closer(key: CloserKey) -> object | None:
    """An attribution of the current case, if it was computed already."""
    return _session().closer.get(key)


def keep_closer(key: CloserKey, attribution: object) -> None:
    """Remember an attribution until the case changes."""
    _session().closer[key] = attribution


def kept_verdict(key: CloserKey) -> MapVerdict | None:
    """What was found of that attribution, if it was judged already."""
    return _session().verdicts.get(key)


def keep_verdict(key: CloserKey, judged: MapVerdict) -> None:
    """Remember a verdict until the case changes."""
    _session().verdicts[key] = judged


def whatif_key(widget: str) -> str:
    """A what-if widget's key; it changes with the case and on a reset, which empties it."""
    return f"whatif-{widget}-{_session().whatif_turn}"


def reset_whatif() -> None:
    """Callback: undo what was asked of this case."""
    _session().whatif_turn += 1


def was_flipped(key: FlipKey) -> bool:
    """Whether this case was searched for what flips the finding."""
    return key in _session().flips


def kept_flip(key: FlipKey) -> Flip | None:
    """What flips the finding, None where nothing was found."""
    return _session().flips[key]


def keep_flip(key: FlipKey, found: Flip | None) -> None:
    """Remember it until the case changes."""
    _session().flips[key] = found


def jobs() -> dict[JobKey, Job]:
    """What is being computed for this case, or was stopped, by the key of its answer."""
    return _session().jobs


def kept_data_report() -> DataReport | None:
    """The last check of a manifest in this session."""
    return _session().data_report


def keep_data_report(report: DataReport | None) -> None:
    """Remember the check of a manifest, or that the last one was refused."""
    _session().data_report = report
