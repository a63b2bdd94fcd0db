"""What of the X-ray is on the screen: which of its frames, and what beside it.

The case is scored on one frame, and shown on any.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashboard.state.answers import film_of
from dashboard.state.marks import epoch
from dashboard.state.session import Stepped, held, put, session
from dashboard.viewer import Film, develop
from mmbm.case import Picture
from mmbm.errors import MMBMError
from mmbm.text import Sentence

__all__ = ["FILM_KEY", "beside", "film_shown", "score_frame", "set_beside", "take_step"]

FILM_KEY = "viewer"
MOST_FILMS = 8  # frames that are kept ready, besides the scored one


class Step(BaseModel):
    """What the browser says of a step to another frame, from 0; unchecked until it is this."""

    model_config = ConfigDict(extra="forbid")

    epoch: str = Field(max_length=100)
    frame: int = Field(ge=0)
    turn: int = 0  # counts steps, so that no two are the same


def film_shown(picture: Picture) -> tuple[Film, Sentence | None]:
    """The film of the frame that is shown; the case's own, and why, where that cannot be read."""
    shown, part = _shown(picture), session().given.parts["image"]
    if shown.frame == picture.frame or part.content is None:
        return film_of(picture), None
    if shown.frame not in shown.films:
        try:
            film = develop(part.picture_of(shown.frame))
        except MMBMError as refusal:
            shown.frame = picture.frame
            return film_of(picture), refusal.sentence
        while len(shown.films) >= MOST_FILMS:
            del shown.films[next(iter(shown.films))]
        shown.films[shown.frame] = film
    return shown.films[shown.frame], None


def take_step() -> None:
    """Callback: the reader stepped to another frame. No model is asked."""
    value = held().get(FILM_KEY) or {}
    picture = session().given.parts["image"].value
    try:
        step = Step.model_validate(value.get("step"))
    except ValidationError:
        return
    if isinstance(picture, Picture) and step.epoch == epoch() and step.frame < picture.frames:
        _shown(picture).frame = step.frame


def score_frame(frame: int, of_epoch: str) -> None:
    """Callback of a button: make this frame the one of the case."""
    if of_epoch != epoch():
        return
    at = session().given.place("image", "frame")
    if session().given.pick(at, frame):
        put(at.key, frame + 1)  # the picker of the intake says so too


def beside() -> tuple[str, str]:
    """Which map stands beside the film: its kind and whose it is; two empty words for none."""
    return session().beside


def set_beside(choice: tuple[str, str]) -> None:
    """Put another map beside the film, until the case changes."""
    session().beside = choice


def _shown(picture: Picture) -> Stepped:
    """What is shown of this file since this frame of it was scored."""
    kept, of = session(), (epoch(), picture.frame)
    if kept.stepped is None or kept.stepped.of != of:
        kept.stepped = Stepped(of, picture.frame)
    return kept.stepped
