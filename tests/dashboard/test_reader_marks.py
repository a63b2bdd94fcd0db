"""The reader's marks on the server: taken only where they are marks, and of the X-ray at hand."""

import pytest

from dashboard import state
from dashboard.given import File
from dashboard.state import marks, session
from mmbm.reading import MOST_MARKS, Mark
from tests.made_files import dicom, ramp

BOX = {"kind": "box", "points": [[0.1, 0.2], [0.3, 0.4]], "text": "here", "frame": 0}


@pytest.fixture
def sends(monkeypatch):
    """What the browser would do: a function that sends something as the marks' state."""
    held = {"session": session.Session()}
    for module in (session, marks):
        monkeypatch.setattr(module, "held", lambda: held)

    def send(value):
        held[state.MARKS_KEY] = {"drawn": value}
        state.take_marks()
        return state.drawn().marks

    return send


def hand_in(identifier):
    given = state.given()
    given.hand_in(given.place("image", "upload"), [File(identifier, "x.dcm", dicom(ramp()))])
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
