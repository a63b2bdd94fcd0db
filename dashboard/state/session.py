"""The only user of ``st.session_state``: what the page remembers of one reader.

What patients' files hold lives here and nowhere else, for the caches (:mod:`dashboard.models`) are
shared by all readers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import streamlit as st

from dashboard.archive import Errand
from dashboard.dictated import Dictated
from dashboard.given import Given
from dashboard.jobs import Job
from dashboard.review import Review
from dashboard.stored import store_is_on
from dashboard.viewer import Film
from mmbm.case import Case, Modality, Picture
from mmbm.cohort.figures import CohortReport
from mmbm.compare.figures import CompareReport
from mmbm.data.check.report import DataReport
from mmbm.explain.flips import Flip
from mmbm.explain.verdict import MapVerdict
from mmbm.reading import Mark
from mmbm.store import Wanted
from mmbm.text import Sentence

__all__ = [
    "CloserKey",
    "Drawn",
    "FlipKey",
    "JobKey",
    "Session",
    "Stepped",
    "VerdictKey",
    "begin_with",
    "drop_unseen",
    "held",
    "keep_unseen",
    "put",
    "session",
]

CloserKey = tuple[str, str, str, str]  # space, method, finding, baseline
FlipKey = tuple[Modality, str]  # part, finding
VerdictKey = tuple[Literal["verdict"], str, str, str, str]  # of the map that is judged
JobKey = CloserKey | FlipKey | VerdictKey  # of what the job's answer is kept by


@dataclass(slots=True)
class Drawn:
    """The marks of one X-ray; ``epoch`` names it, and changes where the page brings other marks."""

    epoch: str
    marks: tuple[Mark, ...] = ()


@dataclass(slots=True)
class Stepped:
    """The frame on the screen of a file with several; ``of`` is the file and the scored frame."""

    of: tuple[str, int]
    frame: int  # from 0
    films: dict[int, Film] = field(default_factory=dict)  # of other frames than the scored one


@dataclass(slots=True)
class Session:
    """All that this page remembers of one reader."""

    given: Given = field(default_factory=lambda: Given(holds=store_is_on()))
    dictated: Dictated = field(default_factory=Dictated)
    review: Review | None = None
    film: tuple[Picture, Film] | None = None  # the last one that was developed
    lettered: tuple[Picture, bool] | None = None  # the last one, and whether it shows text
    stepped: Stepped | None = None  # to which frame of the X-ray
    beside: tuple[str, str] = ("", "")  # the film: which map
    drawn: Drawn | None = None  # by the reader on the X-ray
    marks_loaded: int = 0  # how often marks that were kept elsewhere came
    numbers: Case | Literal["some"] | None = None  # whose are on the screen
    void: set[str] = field(default_factory=set)  # files that had arrived when the case began
    page: str = ""  # the one that is shown, by its address; "" is Review
    elsewhere: dict[str, str] = field(default_factory=dict)  # by file: its page, not Review
    closer: dict[CloserKey, object] = field(default_factory=dict)
    verdicts: dict[CloserKey, MapVerdict] = field(default_factory=dict)
    flips: dict[FlipKey, Flip | None] = field(default_factory=dict)
    jobs: dict[JobKey, Job] = field(default_factory=dict)
    listened: str = ""  # the recording whose panel was opened last
    whatif_turn: int = 0  # in the keys of the what-if's widgets; a new turn empties them
    closed: set[str] = field(default_factory=set)  # tabs whose widgets the browser forgot
    questions_of: int = 0  # the turn that the kept questions of closed tabs belong to
    data_report: DataReport | None = None
    cohort: CohortReport | None = None
    comparison: CompareReport | None = None
    unfolded: bool = False  # whether the intake is open over a case
    stored: tuple[str, int] | None = None  # the case of the store at hand, and of which revision
    prior: tuple[str, Film] | None = None  # the last earlier X-ray that was developed
    going: bool = False  # to Review, with a case that was opened elsewhere
    shown: set[str] = field(default_factory=set)  # stored cases whose answers were shown
    too_late: str = ""  # one whose answers this reader saw before he gave his own
    marks_of: str = ""  # the stored case and reader whose marks were brought last
    addressed: bool = False  # whether the page's address was asked for a case
    reader: str = ""  # who reads, where no login says so
    drafts: dict[str, object] = field(default_factory=dict)  # what is written and not kept yet
    wanted: Wanted = field(default_factory=Wanted)  # of the worklist
    chosen: frozenset[str] = frozenset()  # cases that are marked in it
    errand: Errand | None = None  # with the archive, that runs or was done last
    refusal: Sentence | None = None  # of the store, to be said once
    sweep: Literal["due", "asked", "came", "done"] = "done"  # the message after a case is gone


def session() -> Session:
    """What is remembered of this reader."""
    values = held()
    if "session" not in values:
        values["session"] = st.session_state["session"] = Session()
    return cast(Session, values["session"])


def held() -> dict[str, Any]:
    """What Streamlit holds of this reader: the state above, and each widget's value by its key.

    Read as a whole: asking ``st.session_state`` for one of them ends a run that was overtaken. In a
    callback the act would be lost with it, because the next run knows the widget's value already.
    """
    return st.session_state.to_dict()


def keep_unseen(keys: re.Pattern[str]) -> None:
    """Keep what widgets with such keys hold, none of which is drawn in this run.

    Streamlit forgets them else, and a tab that is closed would lose what was asked in it.
    """
    for key, value in held().items():
        if keys.fullmatch(key):
            st.session_state[key] = value


def drop_unseen(keys: re.Pattern[str]) -> None:
    """Forget what widgets with such keys hold."""
    for key in held():
        if keys.fullmatch(key):
            del st.session_state[key]


def put(key: str, value: float) -> None:
    """Set what a widget holds; in a callback, before it is drawn."""
    st.session_state[key] = value


def begin_with(key: str, value: object) -> bool:
    """What a widget holds when it is drawn for the first time; returns whether this is that."""
    first = value is not None and key not in st.session_state
    if first:
        st.session_state[key] = value
    return first
