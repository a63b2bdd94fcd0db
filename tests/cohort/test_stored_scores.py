"""Scores of stored cases, with the arms and visits of a table."""

from __future__ import annotations

import pandas as pd
import pytest

from mmbm.cohort.study import study
from mmbm.errors import ManifestError


def row(number, patient, taken, logit, model="m"):
    return {
        "case_id": f"c{number}",
        "patient_id": patient,
        "taken": taken,
        "model_sha256": model,
        "pneumonia.logit": logit,
        "pneumonia.probability": 0.5,
    }


# three patients an arm; the day of the second X-ray comes before that of the first in the list
STORED = [
    row(f"{k}{day}", f"p{k}", f"2026-0{day}-01", float(k + 10 * (day == 3)))
    for k in range(6)
    for day in (3, 1)
]


@pytest.fixture
def table(tmp_path):
    def written(rows):
        pd.DataFrame(rows).to_csv(tmp_path / "arms.csv", index=False)
        return tmp_path / "arms.csv"

    return written


def arms(**more):
    return [{"patient_id": f"p{k}", "arm": "ab"[k % 2]} | more for k in range(6)]


def means(report):
    return {(g.arm, g.visit): (g.patients, g.mean) for g in report.groups}


def test_a_patients_cases_are_visits_in_the_order_of_their_days(table):
    report = study(table(arms()), stored=STORED)
    assert report.endpoint == "pneumonia.logit" and report.visits == ("1", "2")
    assert means(report) == {
        ("a", "1"): (3, 2.0), ("a", "2"): (3, 12.0),
        ("b", "1"): (3, 3.0), ("b", "2"): (3, 13.0),
    }  # fmt: skip
    assert {c.mean for c in report.changes} == {10.0}


def test_cases_are_named_by_number_or_by_day(table):
    by_case = [
        {"case_id": f"c{k}3", "arm": "ab"[k % 2], "visit": "late", "patient": f"other{k}"}
        for k in range(6)
    ]
    assert means(study(table(by_case), stored=STORED)) == {
        ("a", "late"): (3, 12.0), ("b", "late"): (3, 13.0)
    }  # fmt: skip
    by_day = arms(taken="2026-01-01", visit="first")
    assert means(study(table(by_day), stored=STORED)) == {
        ("a", "first"): (3, 2.0), ("b", "first"): (3, 3.0)
    }  # fmt: skip


def test_a_case_without_a_day_has_no_visit_but_when_it_is_alone(table):
    undated = [row("x", "p0", "", 99.0), *STORED, row("y", "q", "", 5.0)]
    report = study(table([*arms(), {"patient_id": "q", "arm": "b"}]), stored=undated)
    assert report.left_out.no_arm == 1
    assert means(report)["b", "1"] == (4, pytest.approx((1 + 3 + 5 + 5) / 4))


def test_rows_that_name_no_case_are_counted(table):
    report = study(table([*arms(), {"patient_id": "gone", "arm": "a"}]), stored=STORED)
    assert report.left_out.not_stored == 1


@pytest.mark.parametrize(
    ("rows", "stored", "said"),
    [
        (arms(), [], "has no scored case"),
        ([{"patient_id": "gone", "arm": "a"}], STORED, "names a scored case"),
        ([*arms(), *arms()], STORED, "several rows with the same patient_id"),
        (arms(), [*STORED, row("z", "p1", "2026-05-01", 1.0, "other")], "by 2 different models"),
        ([{"arm": "a"}], STORED, "has no column “patient_id”"),
    ],
)
def test_what_cannot_be_is_said(table, rows, stored, said):
    with pytest.raises(ManifestError, match=said):
        study(table(rows), stored=stored)
