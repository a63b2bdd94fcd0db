"""What was computed for the case at hand, and whose numbers are on the screen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from dashboard.jobs import Job
from dashboard.review import Review
from dashboard.state.session import (
    CloserKey,
    FlipKey,
    JobKey,
    drop_unseen,
    keep_unseen,
    session,
)
from dashboard.viewer import Film, develop
from mmbm.case import Case, Picture
from mmbm.cohort.figures import CohortReport
from mmbm.compare.figures import CompareReport
from mmbm.data.check.report import DataReport
from mmbm.explain.flips import Flip
from mmbm.explain.verdict import MapVerdict
from mmbm.privacy.burned_in import burned_in

__all__ = [
    "ask_again",
    "at_hand",
    "drop_answers",
    "drop_questions",
    "film_of",
    "jobs",
    "keep",
    "keep_closer",
    "keep_cohort",
    "keep_comparison",
    "keep_data_report",
    "keep_flip",
    "keep_questions",
    "keep_verdict",
    "kept_closer",
    "kept_cohort",
    "kept_comparison",
    "kept_data_report",
    "kept_flip",
    "kept_review",
    "kept_verdict",
    "lettered",
    "listen_to",
    "listened_to",
    "numbers_are_old",
    "numbers_shown",
    "reset_whatif",
    "show_numbers",
    "was_flipped",
    "whatif_key",
]


def at_hand(of: Case) -> bool:
    """Whether the case has exactly these parts."""
    return same(of, session().given.whole())


def same(one: Case, other: Case) -> bool:
    """Whether two cases have the very same parts."""
    same_kinds = one.parts.keys() == other.parts.keys()
    return same_kinds and all(other.parts[m] is part for m, part in one.parts.items())


def numbers_shown() -> bool:
    """Whether a case's numbers are on the screen."""
    return session().numbers is not None


def numbers_are_old() -> bool:
    """Whether numbers on the screen are, or may be, of other parts than those handed in."""
    kept = session()
    of = kept.numbers
    return of is not None and (kept.given.waiting or of == "some" or not at_hand(of))


def show_numbers(of: Case | Literal["some"] | None) -> None:
    """Remember whose numbers are on the screen: "some" while a run draws them anew."""
    session().numbers = of


def kept_review(of: Case) -> Review | None:
    """The review of exactly these parts, if it was made already."""
    kept = session().review
    return kept if kept is not None and same(kept.analysis.case, of) else None


def keep(made: Review) -> None:
    """Remember the review of the current case; what was computed for the last one goes.

    The review of a case that has changed since, made by a run that was overtaken, is left.
    """
    kept = session()
    if same(made.analysis.case, kept.given.whole()):
        kept.review = made
        drop_answers()


def film_of(picture: Picture) -> Film:
    """The picture ready for the screen, made once."""
    kept = session()
    if kept.film is None or kept.film[0] is not picture:
        kept.film = picture, develop(picture)
    return kept.film[1]


def drop_answers() -> None:
    """Forget what was computed for the last case, and what was asked of it; stop what still is."""
    kept = session()
    for job in kept.jobs.values():
        job.stop()
    kept.jobs.clear()
    kept.closer.clear()
    kept.verdicts.clear()
    kept.flips.clear()
    kept.whatif_turn += 1


def kept_closer(key: CloserKey) -> object | None:
    """An attribution of the current case, if it was computed already."""
    return session().closer.get(key)


def keep_closer(key: CloserKey, attribution: object) -> None:
    """Remember an attribution until the case changes."""
    session().closer[key] = attribution


def kept_verdict(key: CloserKey) -> MapVerdict | None:
    """What was found of that attribution, if it was judged already."""
    return session().verdicts.get(key)


def keep_verdict(key: CloserKey, judged: MapVerdict) -> None:
    """Remember a verdict until the case changes."""
    session().verdicts[key] = judged


def listen_to(recording_id: str) -> None:
    """Remember that the panel of this recording was opened."""
    session().listened = recording_id


def listened_to(recording_id: str) -> bool:
    """Whether the panel of this recording was opened."""
    return session().listened == recording_id


def whatif_key(widget: str) -> str:
    """A what-if widget's key; it changes with the case and on a reset, which empties it."""
    return f"whatif-{widget}-{session().whatif_turn}"


# The widgets of each tab, by their keys, but buttons, whose state cannot be set.
QUESTIONS = {
    "notes": re.compile(r"words-(map|edit)|whatif-words-\d+"),
    "closer": re.compile("closer-(part|compare|(method|second|baseline)-.+)"),
    "whatif": re.compile(
        r"whatif-(mute|note|region|rows|columns|cut|model|weight-(?!of).+|weight-of)-\d+"
    ),
}


def keep_questions(tabs: Iterable[str], opened: str) -> None:
    """Keep what was asked in tabs that are closed; called when the open one was drawn."""
    for tab in QUESTIONS.keys() & set(tabs) - {opened}:
        keep_unseen(QUESTIONS[tab])
        session().closed.add(tab)
    session().closed.discard(opened)


def ask_again(tab: str) -> None:
    """Put back what was asked in a tab before it was closed; called before it is drawn.

    For Streamlit tells the browser of a value in the run alone in which it was set.
    """
    if tab in session().closed:
        keep_unseen(QUESTIONS[tab])


def drop_questions() -> None:
    """Forget what was asked of the case before; called before anything is drawn."""
    kept = session()
    if kept.questions_of != kept.whatif_turn:
        kept.questions_of = kept.whatif_turn
        drop_unseen(re.compile(rf"whatif-.+-(?!{kept.whatif_turn}$)\d+|closer-part"))


def reset_whatif() -> None:
    """Callback: undo what was asked of this case."""
    session().whatif_turn += 1


def was_flipped(key: FlipKey) -> bool:
    """Whether this case was searched for what flips the finding."""
    return key in session().flips


def kept_flip(key: FlipKey) -> Flip | None:
    """What flips the finding, None where nothing was found."""
    return session().flips[key]


def keep_flip(key: FlipKey, found: Flip | None) -> None:
    """Remember it until the case changes."""
    session().flips[key] = found


def lettered(case: Case) -> bool:
    """Whether text seems to be burned into the case's X-ray; looked for once."""
    kept = session()
    if case.image is None:
        return False
    if kept.lettered is None or kept.lettered[0] is not case.image:
        kept.lettered = case.image, burned_in(case.image.shown)
    return kept.lettered[1]


def jobs() -> dict[JobKey, Job]:
    """What is being computed for this case, or was stopped, by the key of its answer."""
    return session().jobs


def kept_data_report() -> DataReport | None:
    """The last check of a manifest in this session."""
    return session().data_report


def keep_data_report(report: DataReport | None) -> None:
    """Remember the check of a manifest, or that the last one was refused."""
    session().data_report = report


def kept_cohort() -> CohortReport | None:
    """The last cohort that was compared in this session."""
    return session().cohort


def keep_cohort(report: CohortReport | None) -> None:
    """Remember a cohort's report, or that the last one was refused."""
    session().cohort = report


def kept_comparison() -> CompareReport | None:
    """The last comparison of score files in this session."""
    return session().comparison


def keep_comparison(report: CompareReport | None) -> None:
    """Remember a comparison, or that the last one was refused."""
    session().comparison = report
