"""Which cases of a comparison count, and that those which do not are said."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mmbm.cli import app
from mmbm.compare.example import simulated
from mmbm.compare.said import about
from mmbm.compare.scores import parse_scores
from mmbm.compare.study import compare_scores
from mmbm.errors import ManifestError

SCORE, LABEL = "pneumonia.probability", "pneumonia"


@pytest.fixture
def tables():
    first, second = simulated(1, cases=80).values()
    return [table.astype({SCORE: object, LABEL: object}) for table in (first, second)]


def compared(tables):
    files = [
        parse_scores(f"{name}.csv", table.to_csv(index=False).encode())
        for name, table in zip("AB", tables, strict=True)
    ]
    return compare_scores(files, draws=50)


def test_cases_without_a_score_or_a_label_are_counted_and_said(tables):
    second = tables[1]
    second.loc[[0, 1], SCORE] = ["n/a", ""]
    for table in tables:
        table.loc[[3, 4, 5], LABEL] = ["", "NA", "unclear"]
    report = compared(tables)
    (found,) = report.findings
    assert (found.no_score, found.no_label, found.odd_label) == ({"B": 2}, 2, 1)
    assert found.cases == 75
    *_, said = about(report)
    assert str(said).startswith(
        "Not counted for Pneumonia: cases without a score by B: 2, cases without a label: 2 and "
    )
    assert "{" not in said.into("zh") and "未计入" in said.into("zh")


@pytest.mark.parametrize(("yes", "no"), [("yes", "no"), ("TRUE", "FALSE"), ("1.0", "0.0")])
def test_labels_may_be_said_in_words(tables, yes, no):
    plain = compared(tables).findings
    tables[1][LABEL] = tables[1][LABEL].map({1: yes, 0: no})  # in one file alone
    assert compared(tables).findings == plain


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({LABEL: "sick"}, "are neither 1 and 0, yes and no"),
        ({LABEL: ""}, "no case has a label"),
        ({SCORE: "n/a"}, "no labelled case of “Pneumonia” has a score in every file"),
    ],
)
def test_why_nothing_is_compared_is_true(tables, spoil, said):
    with pytest.raises(ManifestError, match=said):
        compared([table.assign(**spoil) for table in tables])


def test_no_word_of_the_tables_is_broken_at_80_columns(tables, tmp_path):
    paths = [tmp_path / f"{name}.csv" for name in ("model-one", "model-two")]
    for path, table in zip(paths, tables, strict=True):
        table.to_csv(path, index=False)
    done = CliRunner().invoke(app, ["compare", *map(str, paths)], env={"COLUMNS": "80"})
    lines = done.stdout.splitlines()
    rows = [line for line in lines if line.split()[:1] == ["Pneumonia"]]
    assert len(rows) == 5
    assert all("model-one" in row or "model-two" in row for row in rows)


def test_a_difference_of_nothing_has_no_sign(tables, tmp_path):
    path = tmp_path / "a.csv"
    tables[0].to_csv(path, index=False)
    same = pd.read_csv(path).assign(**{SCORE: lambda t: np.nextafter(t[SCORE], 0)})
    same.to_csv(tmp_path / "b.csv", index=False)
    done = CliRunner().invoke(app, ["compare", str(path), str(tmp_path / "b.csv")])
    assert done.exit_code == 0 and "-0.000" not in done.stdout
