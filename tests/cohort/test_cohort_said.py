"""What a cohort's report says of its visits, and of what it left out."""

import itertools

import pytest
from typer.testing import CliRunner

from mmbm.cli import app
from mmbm.cohort.example import simulated
from mmbm.cohort.said import p_value
from mmbm.cohort.study import study
from mmbm.cohort.table import in_time
from mmbm.errors import ConfigError, ManifestError, UnreadableFile

SCORE = "pneumonia.logit"


def kept(tmp_path, rows):
    path = tmp_path / "t.csv"
    path.write_text(rows if isinstance(rows, str) else rows.to_csv(index=False), encoding="utf-8")
    return path


def said(*words, language="en", code=0):
    done = CliRunner().invoke(app, ["--language", language, "cohort", *map(str, words)])
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.parametrize(
    "visits",
    [
        ("0", "4", "12"),
        ("week 0", "Week 4", "week 12"),
        ("screening", "baseline", "month 1", "month 10"),
        ("2026-03-31", "2026-04-01", "2027-01-01"),
        ("第4周", "第12周"),
    ],
)
def test_visits_stand_in_time_whatever_their_order(visits):
    assert {in_time(order) for order in itertools.permutations(visits)} == {visits}


@pytest.mark.parametrize(
    "visits", [("end", "begin"), ("31.3.2026", "1.4.2026"), ("day 9", "week 1")]
)
def test_other_names_stand_as_they_come(visits):
    assert in_time(visits) == visits and in_time(visits[::-1]) == visits[::-1]


def test_the_baseline_is_the_first_in_time_and_is_named(tmp_path):
    rows = simulated(3, patients=8, visits=("week 0", "week 4", "week 12"))
    path = kept(tmp_path, rows.sample(frac=1, random_state=3))
    assert study(path).baseline == "week 0"
    out = said(path)
    assert "Change from visit week 0 to week 12, treatment less control" in out
    assert "score at visit week 0 up to the median" in out
    assert "Change from visit week 4 to week 0" in said(path, "--baseline", "week 4")
    assert "从访视 week 0 至 week 12 的变化" in said(path, language="zh")
    assert "评分高于中位数" in said(path, language="zh")
    assert "没有访视 “week 9”" in said(path, "--baseline", "week 9", language="zh", code=2)


def test_the_command_counts_what_it_leaves_out(tmp_path):
    rows = simulated(3, patients=8).astype({SCORE: object})
    rows.loc[0, SCORE] = "refused"  # a patient's baseline
    rows.loc[7, "patient_id"] = ""
    rows.loc[8, "arm"] = ""
    rows.loc[rows["patient_id"] == "P005", "time"] = None
    out = said(kept(tmp_path, rows))
    assert (
        "Left out: rows without a number: 1, rows without a patient: 1, "
        "rows without an arm or a visit: 1, patients without a score at visit 0, in changes: 1 "
        "and patients without a time and an event, in survival: 1."
    ) in out
    assert "未计入" in said(tmp_path / "t.csv", language="zh")


@pytest.mark.parametrize(("yes", "no"), [("yes", "no"), ("True", "False"), ("1.0", "0")])
def test_an_event_may_be_said_in_words(tmp_path, yes, no):
    rows = simulated(3, patients=8)
    events = study(kept(tmp_path, rows)).survival
    worded = rows.assign(event=rows["event"].map({1: yes, 0: no}))
    assert study(kept(tmp_path, worded)).survival == events


def test_a_cell_that_cannot_be_is_told_by_its_line(tmp_path):
    rows = simulated(3, patients=4).astype({"time": object, "event": object})
    cells = {"time": ("-5", "soon", "inf"), "event": ("2", "dead")}
    for column, wrong in ((c, w) for c, words in cells.items() for w in words):
        spoiled = rows.copy()
        spoiled.loc[[4, 6], column] = wrong
        with pytest.raises(ManifestError) as refused:
            study(kept(tmp_path, spoiled))
        assert f"line 6: “{column}” must be" in str(refused.value)
        assert "Lines like this: 2." in str(refused.value)
    spoiled = rows.copy()
    spoiled.loc[4, "time"] = 9999
    with pytest.raises(ManifestError, match="line 6: “time” differs"):
        study(kept(tmp_path, spoiled))
    dated = rows.assign(start_date="2026-03-31", end_date="2026-03-01").drop(columns="time")
    with pytest.raises(ManifestError, match="line 2: “end_date” lies before"):
        study(kept(tmp_path, dated))
    moved = rows.to_csv(index=False).replace("treatment", "control", 1).replace("\n", "\n\n", 1)
    with pytest.raises(ManifestError, match=r"more than one arm: 1\. The first such row is line 7"):
        study(kept(tmp_path, moved))


def test_why_nothing_is_compared_is_said(tmp_path):
    rows = simulated(3, patients=4)
    one = rows[rows["arm"] == "control"]
    assert "There is one arm, so" in said(kept(tmp_path, one))
    equal = kept(tmp_path, rows.assign(**{SCORE: 1.0}))
    assert "all values of an arm are equal" in said(equal)
    assert "control at visit 4" in said(equal) and "无法区分" in said(equal, language="zh")
    assert "No sample size can be told" in said(equal, "--wanted", "1")
    few = rows[(rows["arm"] == "control") | (rows["patient_id"] == "P001")]
    out = said(kept(tmp_path, few))
    assert "fewer than two patients: treatment and control at visit 4 and treatment" in out


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("patient_id;x\nP1;0,5\n", "has a semicolon between its columns"),
        ("patient_id\tx\nP1\t0.5\n", "has a tab between its columns"),
        ("patient_id,x\n", "has no rows"),
        ("\n", "has no rows"),
        ('patient_id,x\nP1,"0,5"\n', "no column of numbers to compare"),
        ("patient_id,x\nP1,50%\n", "no column of numbers to compare"),
    ],
)
def test_a_table_without_numbers_says_what_is_wrong(tmp_path, content, told):
    with pytest.raises(ManifestError, match=told):
        study(kept(tmp_path, content))


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(UnreadableFile, match=r"There is no file “absent\.csv”"):
        study(tmp_path / "absent.csv")


@pytest.mark.parametrize("wanted", [0.0, float("nan"), float("inf")])
def test_no_sample_size_for_a_difference_that_is_none(tmp_path, wanted):
    with pytest.raises(ConfigError, match="other than 0"):
        study(kept(tmp_path, simulated(3, patients=4)), wanted=wanted)


def test_probabilities_are_written_as_on_the_page(tmp_path):
    assert (p_value(0.0001), p_value(0.04)) == ("< 0.001", "0.040")
    out = said(kept(tmp_path, simulated(3, effect=-3.0)))
    assert "p < 0.001, by Holm < 0.001" in out and "by bootstrap -" in out
    flat = simulated(3, patients=4, visits=("0",)).assign(**{SCORE: [-0.0001, 0.0] * 4})
    assert "-0.000" not in said(kept(tmp_path, flat))
