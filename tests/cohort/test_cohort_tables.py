"""What a table of scores may look like, and what of it is refused."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pandas as pd
import pytest

from mmbm.cohort import study as module
from mmbm.cohort import table as tables
from mmbm.cohort.example import simulated
from mmbm.cohort.figures import CohortReport
from mmbm.cohort.files import archive, files, write_report
from mmbm.cohort.study import study
from mmbm.errors import ConfigError, ManifestError, TooLarge, UnreadableFile


def table(tmp_path, rows, name="t.csv"):
    path = tmp_path / name
    rows.to_csv(path, index=False) if name.endswith(".csv") else rows.to_parquet(path)
    return path


def test_parquet_is_read_as_csv_is(tmp_path):
    rows = simulated(3, patients=8)
    one, two = (study(table(tmp_path, rows, f"t.{end}")) for end in ("csv", "PARQUET"))
    same = {"file": "", "sha256": ""}
    assert one.model_copy(update=same) == two.model_copy(update=same)
    assert one.endpoint == "pneumonia.logit"


def test_control_and_baseline_can_be_chosen(tmp_path):
    path = table(tmp_path, simulated(3, patients=8))
    report = study(path, control="treatment", baseline="4")
    assert (report.control, report.baseline, report.visits) == ("treatment", "4", ("4", "0", "12"))
    assert {d.arm for d in report.differences} == {"control"}


def test_visits_stand_in_time(tmp_path):
    rows = simulated(3, patients=4, visits=("0", "2", "10"))
    assert study(table(tmp_path, rows.sort_values("visit"))).visits == ("0", "2", "10")
    named = rows.assign(visit=rows["visit"].map({"0": "screening", "2": "week", "10": "end"}))
    assert study(table(tmp_path, named)).visits == ("screening", "week", "end")


def test_what_does_not_count_is_counted(tmp_path):
    rows = simulated(3, patients=8)
    rows["pneumonia.logit"] = rows["pneumonia.logit"].astype(object)
    rows.loc[0, "pneumonia.logit"] = "refused"  # a patient's baseline
    rows.loc[4, "pneumonia.logit"] = "inf"
    rows.loc[7, "patient_id"] = ""
    rows.loc[8, "arm"] = ""
    rows.loc[rows["patient_id"] == "P005", "time"] = None
    left = study(table(tmp_path, rows), "pneumonia").left_out
    assert (left.no_number, left.no_patient, left.no_arm) == (2, 1, 1)
    assert (left.no_baseline, left.no_time) == (1, 1)


def test_without_arms_and_visits_there_is_a_distribution(tmp_path):
    rows = simulated(3, patients=8, visits=("0",)).drop(columns=["arm", "visit", "time"])
    report = study(table(tmp_path, rows))
    assert len(report.groups) == 1 and report.changes == report.differences == report.survival == ()
    one = simulated(3, patients=8, visits=("0",))
    assert [d.of for d in study(table(tmp_path, one)).differences] == ["value"]


def moved(rows):
    rows.loc[1, "arm"] = "treatment" if rows.loc[1, "arm"] == "control" else "control"
    return rows


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda rows: rows.drop(columns="patient_id"), "cohort.no_patient"),
        (lambda rows: rows.drop(columns="pneumonia.logit"), "cohort.no_numbers"),
        (lambda rows: rows.assign(arm=""), "cohort.empty"),
        (moved, "cohort.two_arms"),
        (lambda rows: rows.assign(time=-1), "cohort.wrong.time"),
        (lambda rows: rows.assign(event=2), "cohort.wrong.event"),
        (lambda rows: rows.assign(time=range(len(rows))), "cohort.wrong.two"),
    ],
)
def test_a_table_that_cannot_be_is_refused(tmp_path, spoil, code):
    with pytest.raises(ManifestError) as refused:
        study(table(tmp_path, spoil(simulated(3, patients=4))), "pneumonia")
    assert refused.value.sentence.code == code
    assert "P00" not in str(refused.value)


def test_other_refusals(tmp_path, monkeypatch):
    path = table(tmp_path, simulated(3, patients=4))
    with pytest.raises(ManifestError, match="no arm “placebo”"):
        study(path, control="placebo")
    for name in ("absent.csv", "t.parquet"):
        (tmp_path / "t.parquet").write_bytes(b"no parquet")
        with pytest.raises(UnreadableFile):
            study(tmp_path / name)
    with pytest.raises(ConfigError, match=r"between 0\.05 and 1"):
        study(path, power=0.05)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="statsmodels"):
        study(path)


def test_the_files_hold_the_report(tmp_path):
    rows = simulated(3, patients=8).replace({"treatment": "=cmd()"})
    report = study(table(tmp_path, rows), wanted=1.0)
    written = {path.name: path.read_bytes() for path in write_report(report, tmp_path / "out")}
    assert written == files(report)
    assert CohortReport.model_validate(json.loads(written["report.json"])) == report
    found = list(csv.DictReader(io.StringIO(written["difference.csv"].decode())))
    assert [float(row["ci_low"]) for row in found] == [d.ci[0] for d in report.differences]
    assert found[0]["arm"] == "'=cmd()"
    assert {n for n in written if n.endswith(".svg")} == {
        "distribution.svg", "change.svg", "survival_by_arm.svg", "survival_by_score.svg",
    }  # fmt: skip
    assert b"not a medical device" in written["distribution.svg"]
    assert "Exploratory endpoint" in written["READ_ME.txt"].decode()
    with zipfile.ZipFile(io.BytesIO(archive(report))) as whole:
        assert {name: whole.read(name) for name in whole.namelist()} == written
    assert archive(report) == archive(report)


def test_nothing_of_an_earlier_report_stays_beside_the_new(tmp_path):
    """What a report listed as its own goes; what somebody put there stays."""
    out = tmp_path / "out"
    rows = simulated(3, patients=8)
    write_report(study(table(tmp_path, rows), wanted=1.0), out, "zh")
    (out / "sites.csv").write_text("mine")
    once = study(table(tmp_path, rows[rows["visit"] == "0"].drop(columns=["time", "event"])))
    written = write_report(once, out)
    assert not {"change.csv", "sample_size.csv", "survival_by_arm.svg"} & files(once).keys()
    assert {path.name for path in out.iterdir()} == {*(p.name for p in written), "sites.csv"}


def test_files_that_no_report_wrote_stay(tmp_path):
    """Whatever they are called, and whatever a READ_ME.txt of another says."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "READ_ME.txt").write_text("How to use these tables:\nrecords.csv\n")
    (out / "records.csv").write_text("mine")
    write_report(study(table(tmp_path, simulated(3, patients=8))), out)
    assert (out / "records.csv").read_text() == "mine"


def test_a_figure_in_chinese_has_chinese_words(tmp_path):
    report = study(table(tmp_path, simulated(3, patients=8)))
    assert "探索性终点" in files(report, "zh")["distribution.svg"].decode()


def test_ids_read_as_numbers_stay_text(tmp_path):
    rows = simulated(3, patients=4)
    rows["patient_id"] = pd.factorize(rows["patient_id"])[0]
    assert study(table(tmp_path, rows)).patients == 8


def test_rows_that_end_in_a_comma_are_not_read_one_column_on(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("patient_id,arm,x\nP1,a,1,\nP2,b,2,\n", encoding="utf-8")
    with pytest.raises(UnreadableFile):
        study(path)
    path.write_text("patient_id,arm,x,\nP1,a,1,\nP2,b,2,\n", encoding="utf-8")
    report = study(path)
    assert (report.patients, report.arms, report.endpoint) == (2, ("a", "b"), "x")


def test_names_of_columns_may_stand_behind_a_blank(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("\ufeffpatient_id, arm, visit, x\nP1, a, 1, 3\nP2, b, 1, 4\n", encoding="utf-8")
    assert study(path).arms == ("a", "b")
    path.write_text("patient_id,arm, arm,x\nP1,a,b,1\n", encoding="utf-8")
    with pytest.raises(ManifestError, match="'arm' occurs twice"):
        study(path)


def test_whole_numbers_of_parquet_are_the_same_as_text(tmp_path):
    rows = simulated(3, patients=4, visits=("0", "4")).assign(
        visit=lambda t: t["visit"].astype(float)
    )
    rows[" x"] = rows.pop("pneumonia.logit")
    report = study(table(tmp_path, rows, "t.parquet"))
    assert (report.visits, report.endpoint) == (("0", "4"), "x")


def test_a_parquet_file_of_countless_rows_is_not_unpacked(tmp_path, monkeypatch):
    path = table(tmp_path, simulated(3, patients=4), "t.parquet")
    monkeypatch.setattr(tables, "MOST_CELLS", 100)
    monkeypatch.setattr(tables.pd, "read_parquet", None)
    with pytest.raises(TooLarge, match="more than 100 cells"):
        study(path)


DATES = {
    ("2026-01-01", "2026-01-11"): 10.0,
    ("20260101", "20260111"): 10.0,
    ("2026-01-01T00:00:00+08:00", "2026-01-11T00:00:00+02:00"): 10.25,
}


@pytest.mark.parametrize(("dates", "days"), DATES.items())
def test_dates_count_whatever_their_zone(tmp_path, dates, days):
    rows = simulated(3, patients=4).drop(columns="time")
    rows["start_date"], rows["end_date"] = dates
    rows.loc[rows["patient_id"] == "P001", "end_date"] = ""
    report = study(table(tmp_path, rows))
    assert {c.times[-1] for s in report.survival for c in s.curves} == {days}
    assert report.left_out.no_time == 1


@pytest.mark.parametrize("date", ["03/02/2026", "13/02/2026", "3.2.2026", "unknown"])
def test_dates_that_can_be_mistaken_are_refused(tmp_path, date):
    rows = simulated(3, patients=4).drop(columns="time")
    rows = rows.assign(start_date="2026-01-01", end_date=date)
    with pytest.raises(ManifestError, match="2026-03-31"):
        study(table(tmp_path, rows))


def test_numbers_too_large_to_square_do_not_count(tmp_path):
    rows = simulated(3, patients=8)
    rows.loc[0, "pneumonia.logit"] = 1e200
    assert study(table(tmp_path, rows)).left_out.no_number == 1


def test_an_arm_may_be_called_anything(tmp_path):
    rows = simulated(3, patients=8).replace({"treatment": "_$x^{2$ a $b$", "control": "_"})
    drawn = files(study(table(tmp_path, rows)))
    for name in ("distribution.svg", "change.svg", "survival_by_arm.svg"):
        assert "_$x^{2$ a $b$" in drawn[name].decode()


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path):
    report = study(table(tmp_path, simulated(3, patients=4)))
    with pytest.raises(ConfigError, match=r"The folder 't\.csv' cannot be written to"):
        write_report(report, tmp_path / "t.csv")
