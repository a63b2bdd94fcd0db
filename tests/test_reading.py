"""A reading as it travels: checked, frozen, and the same after a round trip."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from mmbm.reading import Decision, Mark, Reading


def made() -> Reading:
    return Reading(
        reader="Dr A",
        decisions=(
            Decision(finding="pneumonia", first="no", final="no", act="override", reason="old"),
            Decision(finding="viral"),
        ),
        marks=(Mark(kind="box", points=((0.1, 0.2), (0.4, 0.5)), text="here"),),
        locked_at=datetime(2026, 3, 3, 12, tzinfo=UTC),
    )


def test_a_reading_comes_back_as_it_was() -> None:
    assert Reading.model_validate_json(made().model_dump_json()) == made()


def test_a_decision_is_found_by_its_finding() -> None:
    decision = made().decision("pneumonia")
    assert decision is not None and decision.act == "override"
    assert made().decision("no_finding") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "circle", "points": [[0, 0]]},
        {"kind": "box", "points": []},
        {"kind": "box", "points": [[0, 0], [1, 1]], "onclick": "x"},
        {"kind": "text", "points": [[0, 0]], "text": "x" * 2001},
        {"kind": "text", "points": [[0, 0]], "frame": -1},
        {"kind": "text", "points": [[0, 0], [1, 1]]},
        {"kind": "angle", "points": [[0, 0], [1, 1]]},
        {"kind": "text", "points": [[0, 1.5]]},
        {"kind": "text", "points": [[0, float("nan")]]},
    ],
)
def test_a_mark_of_another_form_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Mark.model_validate(wrong)
