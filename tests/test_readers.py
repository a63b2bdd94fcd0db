"""Agreement, sensitivity and specificity of reader, model and both, worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from statsmodels.stats.proportion import proportion_confint

from mmbm.readers import DecidedCase, ModelAnswer, Share, agreement_by, apart, team_table
from mmbm.reading import Decision, Reading

LOCKED = datetime(2026, 3, 3, tzinfo=UTC)


def made(number, first, model, final, *, locked=True, reader="A", **about):
    decision = Decision(finding="pneumonia", first=first, final=final)
    reading = Reading(reader=reader, decisions=(decision,), locked_at=LOCKED if locked else None)
    told = (
        {}
        if model is None
        else {"pneumonia": ModelAnswer(probability=0.5, logit=0.0, verdict=model)}
    )
    known = {"sex": "", "age": None, "view": "", "source": ""} | about
    return DecidedCase(
        case_id=str(number), patient="", taken=None, reading=reading, model=told, **known
    )


CASES = [
    made(0, "yes", "yes", "yes", sex="female", age=17.9),
    made(1, "no", "yes", "yes", sex="female", age=18),
    made(2, "no", "no", "no", sex="male", age=70),
    made(3, "yes", "no", "no", sex="male", age=64),
    made(4, "not sure", "yes", "yes", reader="B"),
    made(5, "no", "not sure", "no", reader="B"),
    made(6, None, "no", "no", locked=False, reader="B"),
    made(7, "no", None, "not sure", reader="B"),
]


@pytest.mark.parametrize(("count", "of"), [(0, 10), (7, 10), (10, 10), (1, 1), (123, 456)])
def test_the_interval_is_wilsons(count, of):
    assert Share(count, of).interval == pytest.approx(
        proportion_confint(count, of, method="wilson"), abs=1e-12
    )


def test_of_no_case_there_is_no_share():
    assert (Share(0, 0).value, Share(0, 0).interval) == (None, None)


def test_against_final_readings_both_together_cannot_be_judged():
    table = team_table(CASES, "pneumonia")
    rows = {row.role: row for row in table.rows}
    assert table.reference == "final readings"
    assert (rows["both"].sensitivity, rows["both"].specificity) == (None, None)
    assert (rows["both"].cases, rows["both"].unsure) == (8, 1)
    assert rows["reader"].sensitivity == Share(1, 2)  # cases 0, 1; in 4 the reader is not sure
    assert rows["reader"].specificity == Share(2, 3)  # 2, 3, 5; 6 was not read blind
    assert (rows["reader"].cases, rows["reader"].unsure) == (7, 1)
    assert rows["model"].sensitivity == Share(3, 3)  # 0, 1, 4
    assert rows["model"].specificity == Share(3, 3)  # 2, 3, 6; in 5 the model is not sure
    assert table.agreement == Share(3, 5) and table.blind == 4  # 0, 2, 6 of 0, 1, 2, 3, 6


def test_labels_are_the_reference_where_they_are_given():
    labels = {"0": True, "1": False, "2": False, "3": True}
    table = team_table(CASES, "pneumonia", labels, by_reader=True)
    rows = {(row.role, row.reader): row for row in table.rows}
    assert table.reference == "labels"
    assert (rows["reader", ""].sensitivity, rows["reader", ""].specificity) == (
        Share(2, 2), Share(2, 2),
    )  # fmt: skip
    assert (rows["model", ""].sensitivity, rows["model", ""].specificity) == (
        Share(1, 2), Share(1, 2),
    )  # fmt: skip
    assert rows["both", ""].sensitivity == Share(1, 2)
    assert rows["both", "A"].sensitivity == Share(1, 2)
    assert rows["both", "B"].sensitivity == Share(0, 0)
    assert ("model", "A") not in rows


def test_agreement_by_group():
    assert agreement_by(CASES, "pneumonia", "sex") == {
        "": Share(1, 1), "female": Share(1, 2), "male": Share(1, 2),
    }  # fmt: skip
    assert agreement_by(CASES, "pneumonia", "age") == {
        "": Share(1, 1), "0-17": Share(1, 1), "18-39": Share(0, 1), "40-64": Share(0, 1),
        "65-": Share(1, 1),
    }  # fmt: skip
    assert agreement_by(CASES, "pneumonia", "reader") == {"A": Share(2, 4), "B": Share(1, 1)}


def test_the_teaching_list_holds_opposite_answers():
    assert [case.case_id for case in apart(CASES, "pneumonia")] == ["1", "3"]
    assert apart(CASES, "effusion") == []
