"""The only user of ``st.session_state``: what the page remembers of one reader.

What patients' files hold lives here and nowhere else, for the caches (:mod:`dashboard.models`) are
shared by all readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import streamlit as st

from dashboard.given import File, Given, Offer, Part, Place, Widget
from dashboard.jobs import Job
from dashboard.review import Review
from dashboard.samples import sample_files, samples
from dashboard.server import forgetting
from dashboard.server.arrived import BEFORE, arrived, unclaimed
from dashboard.text import LANGUAGES, Language, Texts, texts
from mmbm.case import MODALITIES, Case, Modality
from mmbm.data.check.report import DataReport
from mmbm.explain.attribution import Over
from mmbm.explain.flips import Flip
from mmbm.trust.verdict import MapVerdict

__all__ = [
    "LANGUAGE_KEY",
    "CloserKey",
    "FlipKey",
    "JobKey",
    "VerdictKey",
    "at_hand",
    "begin",
    "begin_with",
    "case",
    "choose_sample",
    "given",
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
    "new_case",
    "numbers_are_old",
    "numbers_shown",
    "parts",
    "place",
    "remember",
    "remember_or_forget",
    "remembered",
    "remembered_text",
    "remove",
    "reset_whatif",
    "say",
    "show_numbers",
    "sweep_is_over",
    "swept",
    "take_files",
    "take_frame",
    "take_text",
    "take_unclaimed",
    "text_box",
    "to_sweep",
    "was_flipped",
    "whatif_key",
]

LANGUAGE_KEY = "language"
CloserKey = tuple[Over, str, str, str]  # space, method, finding, baseline
FlipKey = tuple[Modality, str]  # part, finding
VerdictKey = tuple[Literal["verdict"], Over, str, str, str]  # of the map that is judged
JobKey = CloserKey | FlipKey | VerdictKey  # of what the job's answer is kept by


@dataclass(slots=True)
class Session:
    """All that this page remembers of one reader."""

    given: Given = field(default_factory=Given)
    review: Review | None = None
    numbers: Case | Literal["some"] | None = None  # whose are on the screen
    void: set[str] = field(default_factory=set)  # files that had arrived when the case began
    closer: dict[CloserKey, object] = field(default_factory=dict)
    verdicts: dict[CloserKey, MapVerdict] = field(default_factory=dict)
    flips: dict[FlipKey, Flip | None] = field(default_factory=dict)
    jobs: dict[JobKey, Job] = field(default_factory=dict)
    whatif_turn: int = 0  # in the keys of the what-if's widgets; a new turn empties them
    data_report: DataReport | None = None
    sweep: Literal["due", "asked", "came", "done"] = "done"  # the message after a case is gone


def _session() -> Session:
    held = _held()
    if "session" not in held:
        held["session"] = st.session_state["session"] = Session()
    return cast(Session, held["session"])


def _held() -> dict[str, Any]:
    """What Streamlit holds of this reader: the state above, and each widget's value by its key.

    Read as a whole: asking ``st.session_state`` for one of them ends a run that was overtaken. In a
    callback the act would be lost with it, because the next run knows the widget's value already.
    """
    return st.session_state.to_dict()


def say() -> Texts:
    """The strings of the language the reader chose."""
    chosen = _held().get(LANGUAGE_KEY) or remembered(LANGUAGE_KEY, list(LANGUAGES))
    return texts(cast(Language, chosen))


def remembered(key: str, options: Sequence[str]) -> str:
    """What the page's address holds of a choice, the first option where it holds none of them."""
    kept = st.query_params.get(key, "")
    return kept if kept in options else options[0]


def remember(key: str, value: str) -> None:
    """Keep a choice in the page's address, so that it survives a reload."""
    if st.query_params.get(key) != value:
        st.query_params[key] = value


def remembered_text(key: str) -> str:
    """What the page's address holds by a name, as anybody may have typed it; "" for nothing."""
    return st.query_params.get(key, "")


def remember_or_forget(key: str, value: str | None) -> None:
    """Keep a choice in the page's address, or take it out."""
    if value is not None:
        remember(key, value)
    elif key in st.query_params:
        del st.query_params[key]


def begin_with(key: str, value: float | None) -> None:
    """What a widget holds when it is drawn for the first time."""
    if value is not None and key not in st.session_state:
        st.session_state[key] = value


def given() -> Given:
    """What was handed in for the case at hand."""
    return _session().given


def parts() -> dict[Modality, Part]:
    """The three parts of the case."""
    return given().parts


def case() -> Case:
    """The parts that could be read, as a case."""
    return given().whole()


def at_hand(of: Case) -> bool:
    """Whether the case has exactly these parts."""
    return same(of, case())


def place(modality: Modality, widget: Widget) -> Place:
    """Where a widget of the intake stands now; its key and what its callback is told."""
    return given().place(modality, widget)


def take_files(at: Place) -> None:
    """Callback of an uploader or recorder: hand in the files that are new, from now on ours."""
    held = _held().get(at.key) or []
    uploads = [u for u in (held if isinstance(held, list) else [held]) if hasattr(u, "getvalue")]
    new = [u for u in uploads if given().is_new(u.file_id)]
    given().hand_in(at, [File(u.file_id, u.name, u.getvalue()) for u in new])
    for upload in new:
        forgetting.release(upload)


def take_unclaimed() -> None:
    """Hand in the files that no widget did, but those of the case before.

    A widget that stood until the case began has handed its file in; one that came just then was
    dropped on a page that was about to be drawn anew, for the new case.
    """
    files = [file for file in unclaimed() if file.identifier not in _session().void]
    given().hand_in(place("image", "upload"), files)


def take_text(at: Place) -> None:
    """Callback of the text box: the note as typed."""
    given().write(at, _held().get(at.key) or "")


def text_box() -> Place:
    """The place of the text box; it shows what was typed, also after the page was left."""
    box, typed = place("notes", "typed"), given().typed
    if typed is not None and box.key not in st.session_state:
        st.session_state[box.key] = typed
        given().show(box, typed)
    return box


def take_frame(at: Place) -> None:
    """Callback of the frame picker; frames are shown from 1, kept from 0."""
    shown = _held().get(at.key)
    if shown is not None:
        given().pick(at, int(shown) - 1)


def remove(modality: Modality) -> None:
    """Callback: drop one part, and what was computed with it."""
    given().remove(modality)
    forget()


def new_case() -> None:
    """Callback: drop all parts and everything computed from them."""
    begin({})


def begin(files: dict[Modality, Offer]) -> None:
    """Start a case with these files; everything of the last one goes."""
    given().begin(files)
    _session().void = {file.identifier for file in arrived(BEFORE)}
    forget()


def forget() -> None:
    """Forget what was computed for the case so far, here and in the server around the page."""
    session = _session()
    session.review = None
    drop_answers(session)
    forgetting.drop_media()
    session.sweep = "due"


def to_sweep() -> bool:
    """Whether the browser is to be asked for one more message (:mod:`dashboard.parts.sweep`)."""
    return _session().sweep in {"due", "asked"}


def swept() -> bool:
    """Whether it has come: the first look is that of the run that asks for it."""
    session = _session()
    came = session.sweep == "asked"
    session.sweep = "came" if came else "asked"
    return came


def sweep_is_over() -> bool:
    """Whether this is the run that the message asked for."""
    session = _session()
    over = session.sweep == "came"
    if over:
        session.sweep = "done"
    return over


def choose_sample(key: str, of_case: int) -> None:
    """Callback of the sample list, once for each list: hand in the files of the sample case."""
    name = _held().get(key)
    if name not in samples() or not given().choose(of_case):
        return
    files = sample_files(name)
    begin({m: Offer(f"{name}/{path.name}", path.read_bytes()) for m, path in files.items()})


def numbers_shown() -> bool:
    """Whether a case's numbers are on the screen."""
    return _session().numbers is not None


def numbers_are_old() -> bool:
    """Whether numbers on the screen are, or may be, of other parts than those handed in."""
    session = _session()
    of = session.numbers
    return of is not None and (session.given.waiting or of == "some" or not at_hand(of))


def show_numbers(of: Case | Literal["some"] | None) -> None:
    """Remember whose numbers are on the screen: "some" while a run draws them anew."""
    _session().numbers = of


def kept_review(of: Case) -> Review | None:
    """The review of exactly these parts, if it was made already."""
    kept = _session().review
    return kept if kept is not None and same(kept.case, of) else None


def same(one: Case, other: Case) -> bool:
    """Whether two cases have the very same parts."""
    return all(getattr(one, m) is getattr(other, m) for m in MODALITIES)


def keep(made: Review) -> None:
    """Remember the review of the current case; what was computed for the last one goes.

    The review of a case that has changed since, made by a run that was overtaken, is left.
    """
    session = _session()
    if same(made.case, session.given.whole()):
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
