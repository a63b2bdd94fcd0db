import json

import pytest
from typer.testing import CliRunner

from mmbm.cli import app
from mmbm.cohort.example import simulated as trial
from mmbm.cohort.said import p_value
from mmbm.compare.example import simulated


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two score files, and a third whose cases are others."""
    made = tmp_path_factory.mktemp("scores")
    tables = simulated(5, cases=120)
    for name, table in tables.items():
        table.to_csv(made / f"{name}.csv", index=False)
    other = tables["model-A"].assign(case_id=lambda t: "x" + t["case_id"])
    other.to_csv(made / "other.csv", index=False)
    return made


def run(folder, *words, code=0, before=()):
    named = [str(folder / word) if word.endswith((".csv", "tables")) else word for word in words]
    done = CliRunner().invoke(app, [*before, "compare", *named], env={"COLUMNS": "120"})
    assert done.exit_code == code, done.output
    return done


def test_the_table_says_cases_patients_interval_and_p(folder):
    said = run(folder, "model-A.csv", "model-B.csv").stdout
    found = json.loads(run(folder, "model-A.csv", "model-B.csv", "--json").stdout)
    one = found["findings"][0]
    assert f"120, {one['patients']}, {one['positives']}" in said
    d = one["differences"][0]
    assert f"{d['difference']:+.3f}" in said and f"({d['ci'][0]:+.3f}, {d['ci'][1]:+.3f})" in said
    for p in (d["p"], d["p_holm"], d["delong_p"]):
        assert p_value(p) in said
    assert "3 comparisons were made" in said and "Research use, not a medical device" in said


def test_it_speaks_chinese(folder):
    said = run(folder, "model-A.csv", "model-B.csv", before=("--language", "zh")).stdout
    assert "敏感度" in said and "肺炎" in said and "仅供研究" in said


def test_files_are_written(folder):
    run(folder, "model-A.csv", "model-B.csv", "--out", "tables", "--threshold", "0.3")
    names = {path.name for path in (folder / "tables").iterdir()}
    assert {"report.json", "differences.csv", "decision_curves.csv", "models.csv"} <= names
    kept = json.loads((folder / "tables" / "report.json").read_text(encoding="utf-8"))
    assert kept["findings"][0]["models"][1]["threshold"] == 0.3


def test_a_cohort_s_report_makes_way_for_a_comparison(folder):
    out = folder / "shared-tables"
    trial(7).to_csv(folder / "trial.csv", index=False)
    done = CliRunner().invoke(app, ["cohort", str(folder / "trial.csv"), "--out", str(out)])
    assert done.exit_code == 0 and (out / "difference.csv").is_file()
    run(folder, "model-A.csv", "model-B.csv", "--out", "shared-tables")
    assert {path.name for path in out.iterdir()} == {
        "report.json", "READ_ME.txt", "models.csv", "differences.csv", "decision_curves.csv",
        "roc.csv",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("model-A.csv", "other.csv"), "no case in common"),
        (("model-A.csv", "absent.csv"), "no file “absent.csv”"),
        (("model-A.csv", "model-B.csv", "--finding", "viral"), "viral.probability"),
        (("model-A.csv", "model-B.csv", "--threshold", "high"), "Give one threshold"),
        (("model-A.csv", "model-B.csv", "--labels", "absent.csv"), "no file “absent.csv”"),
    ],
)
def test_what_cannot_be_compared_is_one_line(folder, words, said):
    done = run(folder, *words, code=2)
    assert said in done.stderr and done.stderr.count("\n") == 1


def test_records_are_compared_without_an_interval():
    from mmbm.storage import assets_folder

    records = sorted(str(path) for path in (assets_folder() / "records").glob("*.json"))
    done = CliRunner().invoke(app, ["compare", *records], env={"COLUMNS": "160"})
    assert done.exit_code == 0
    assert "A record holds no single cases" in done.stdout and "others" in done.stdout
