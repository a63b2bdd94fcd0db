"""Marks and steps of the reader on the server: taken only where they are of the X-ray at hand."""

import numpy as np
import pytest

from dashboard import state
from dashboard.given import File
from dashboard.state import frames, marks, session
from mmbm.reading import MOST_MARKS, Mark
from tests.made_files import dicom, ramp

BOX = {"kind": "box", "points": [[0.1, 0.2], [0.3, 0.4]], "text": "here", "frame": 0}


@pytest.fixture
def sends(monkeypatch):
    """What the browser would do: a function that sends something as the marks' state."""
    held = {"session": session.Session()}
    for module in (session, marks, frames):
        monkeypatch.setattr(module, "held", lambda: held)

    monkeypatch.setattr(frames, "put", held.__setitem__)

    def send(value):
        held[state.MARKS_KEY] = {"drawn": value}
        state.take_marks()
        return state.drawn().marks

    send.held = held
    return send


def hand_in(identifier, pixels=None):
    given = state.given()
    content = dicom(ramp() if pixels is None else pixels)
    given.hand_in(given.place("image", "upload"), [File(identifier, "x.dcm", content)])
    given.read("image")


def test_marks_are_taken_and_stand_in_the_reading(sends):
    assert state.reading(state.drawn()) is None
    taken = sends({"epoch": state.drawn().epoch, "marks": [BOX]})
    assert taken == (Mark.model_validate(BOX),)
    assert state.reading(state.drawn()).marks == taken
    assert sends({"epoch": state.drawn().epoch, "marks": []}) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        "x",
        {"marks": [BOX]},
        {"marks": [BOX | {"points": [[0, 0], [2, 0]]}]},
        {"marks": [BOX | {"text": "x" * 2001}]},
        {"marks": [BOX | {"onclick": "x"}]},
        {"marks": [BOX] * (MOST_MARKS + 1)},
        {"marks": [BOX], "epoch": "of another X-ray"},
        {"marks": [BOX], "epoch": "x" * 101},
    ],
)
def test_what_is_no_mark_changes_nothing(sends, wrong):
    epoch = state.drawn().epoch
    before = sends({"epoch": epoch, "marks": [BOX]})
    if isinstance(wrong, dict) and wrong != {"marks": [BOX]}:
        wrong = {"epoch": epoch} | wrong
    assert sends(wrong) == before


def test_marks_go_with_their_x_ray_and_stay_with_the_rest_of_the_case(sends):
    hand_in("1")
    epoch = state.drawn().epoch
    assert sends({"epoch": epoch, "marks": [BOX]})
    state.given().write(state.text_box(), "A note.")
    state.remove("notes")
    assert state.drawn().marks
    hand_in("2")
    assert state.drawn().marks == ()
    assert sends({"epoch": epoch, "marks": [BOX]}) == (), "they are of the X-ray before"
    assert sends({"epoch": state.drawn().epoch, "marks": [BOX]})
    state.remove("image")
    assert session.session().drawn is None


def test_marks_that_were_kept_elsewhere_are_another_epoch(sends):
    epoch = state.drawn().epoch
    state.load_marks([Mark.model_validate(BOX)])
    assert state.drawn().marks and state.drawn().epoch != epoch
    assert sends({"epoch": epoch, "marks": []}), "what the browser had before does not undo it"


def step(sends, frame, wrong=None):
    said = {"epoch": state.epoch(), "frame": frame, "turn": 1} | (wrong or {})
    sends.held[state.FILM_KEY] = {"step": said}
    state.take_step()
    return state.film_shown(state.case().image)


def test_another_frame_is_shown_and_the_case_stays_as_it_is(sends):
    pixels = np.stack([ramp(top=4000) + number for number in range(3)])
    hand_in("1", pixels)
    case, scored = state.case(), state.film_shown(state.case().image)[0]
    film, refusal = step(sends, 2)
    assert (film.frame, film.frames, film.low, refusal) == (2, 3, scored.low + 2, None)
    assert state.at_hand(case) and not state.given().waiting
    assert state.film_shown(case.image)[0] is film, "decoded once"
    sends({"epoch": state.drawn().epoch, "marks": [BOX | {"frame": 2}]})
    assert step(sends, 0)[0] is scored
    step(sends, 1)
    state.score_frame(1, state.epoch())
    state.given().read("image")
    assert state.case().image.frame == 1 and not state.at_hand(case)
    assert state.film_shown(state.case().image)[0].frame == 1
    assert state.drawn().marks[0].frame == 2, "marks are of the file, whichever frame is scored"


@pytest.mark.parametrize("wrong", [{"frame": 3}, {"frame": -1}, {"epoch": "x"}, {"more": 1}])
def test_a_step_to_no_frame_changes_nothing(sends, wrong):
    hand_in("1", np.stack([ramp()] * 3))
    step(sends, 1)
    assert step(sends, 2, wrong)[0].frame == 1
    sends.held[state.FILM_KEY] = {"step": ["x"]}
    state.take_step()
    state.score_frame(2, "of another file")
    assert state.film_shown(state.case().image)[0].frame == 1 and not state.given().waiting


def test_a_frame_that_cannot_be_read_leaves_the_scored_one(sends, monkeypatch):
    hand_in("1", np.stack([ramp()] * 3))
    image = state.given().parts["image"]
    image.content = image.content[: len(image.content) // 2]
    film, refusal = step(sends, 2)
    assert film.frame == 0 and refusal is not None
    assert state.film_shown(state.case().image) == (film, None)
