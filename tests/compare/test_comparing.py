"""Models on the same cases: figures against scikit-learn, and what cannot be compared."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score, roc_auc_score
from statsmodels.stats.multitest import multipletests

from mmbm.compare.example import simulated
from mmbm.compare.files import files
from mmbm.compare.given import parse_given
from mmbm.compare.records import compare_records
from mmbm.compare.scores import parse_labels, parse_scores
from mmbm.compare.study import compare_scores
from mmbm.errors import ConfigError, ManifestError, UnreadableFile
from mmbm.record.shelf import shelved, take_from_shelf

DRAWS = 300


def given(tables):
    return [parse_scores(f"{n}.csv", t.to_csv(index=False).encode()) for n, t in tables.items()]


def compared(tables, labels=None, draws=DRAWS, **options):
    if labels is not None:
        labels = parse_labels("manifest.csv", labels.to_csv(index=False).encode())
    return compare_scores(given(tables), labels, draws=draws, **options)


@pytest.fixture(scope="module")
def tables():
    return simulated(3, cases=300, gains=(1.0, 1.5, 1.5))


@pytest.fixture(scope="module")
def report(tables):
    return compared(tables)


def changed(tables, **columns):
    """The second table with other columns; one that is None goes."""
    first, second, *_ = tables.items()
    kept = second[1].assign(**{n: v for n, v in columns.items() if v is not None})
    gone = [n for n, v in columns.items() if v is None]
    return {first[0]: first[1], second[0]: kept.drop(columns=gone)}


def test_figures_are_scikit_learns(report, tables):
    (found,) = report.findings
    for model, table in zip(found.models, tables.values(), strict=True):
        labels, scored = table["pneumonia"], table["pneumonia.probability"]
        assert model.auroc == pytest.approx(roc_auc_score(labels, scored), abs=1e-12)
        called = scored >= 0.5
        assert model.sensitivity == pytest.approx(recall_score(labels, called), abs=1e-12)
        assert model.specificity == pytest.approx(recall_score(1 - labels, ~called), abs=1e-12)
        assert model.auroc_ci[0] < model.auroc < model.auroc_ci[1]
    assert (found.cases, found.patients) == (300, tables["model-A"]["patient_id"].nunique())


def test_differences_are_of_each_model_less_the_first(report):
    (found,) = report.findings
    assert {(d.model, d.reference) for d in found.differences} == {
        ("model-B", "model-A"),
        ("model-C", "model-A"),
    }
    reference, *others = found.models
    for d in found.differences:
        own = next(m for m in others if m.model == d.model)
        less = getattr(own, d.figure) - getattr(reference, d.figure)
        assert d.difference == pytest.approx(less, abs=1e-12)
        assert d.ci[0] <= d.difference <= d.ci[1]
        assert (d.delong_p is not None) == (d.figure == "auroc")
    p = [d.p for d in found.differences]
    holm = multipletests(p, method="holm")[1]
    assert [d.p_holm for d in found.differences] == pytest.approx(holm)


def test_with_one_case_a_patient_bootstrap_and_delong_agree(tables):
    alone = {n: t.drop(columns="patient_id") for n, t in tables.items()}
    found = compared(alone, draws=2000)
    assert not found.patients_named and found.findings[0].patients == 300
    d = found.findings[0].differences[0]
    assert d.ci == pytest.approx(d.delong_ci, abs=0.008)


def test_cases_of_one_patient_are_drawn_together(tables):
    """Every case twice tells nothing new: the bootstrap knows, DeLong does not."""
    alone = {n: t.assign(patient_id=t["case_id"]) for n, t in tables.items()}
    twice = {
        n: pd.concat([t, t.assign(case_id=t["case_id"] + "b")], ignore_index=True)
        for n, t in alone.items()
    }
    once, again = (compared(t).findings[0].differences[0] for t in (alone, twice))
    assert again.ci == pytest.approx(once.ci, abs=1e-12)
    width = np.diff([once.delong_ci, again.delong_ci], axis=1)
    assert width[1] == pytest.approx(width[0] / np.sqrt(2), rel=0.01)


def test_a_model_beside_itself_differs_by_nothing(tables):
    first = tables["model-A"]
    found = compared({"one": first, "two": first}).findings[0]
    for d in found.differences:
        assert (d.difference, d.ci, d.p) == (0.0, (0.0, 0.0), 1.0)


def test_operating_points_are_given_or_chosen_on_val(tables):
    found = compared(tables, thresholds=(0.3, 0.4, 0.5)).findings[0]
    assert [m.threshold for m in found.models] == [0.3, 0.4, 0.5]
    split = np.where(np.arange(300) % 2 == 0, "val", "test")
    parted = {n: t.assign(split=split) for n, t in tables.items()}
    report = compared(parted, thresholds="val")
    assert report.split == "test" and report.cases == 150
    for model, table in zip(report.findings[0].models, parted.values(), strict=True):
        val = table[split == "val"]
        ill = val["pneumonia"].to_numpy() == 1
        scored = val["pneumonia.probability"].to_numpy()
        at = np.append(np.linspace(0.005, 0.995, 199), model.threshold)
        called = scored >= at[:, None]
        youden = called[:, ill].mean(1) - called[:, ~ill].mean(1)
        assert youden[-1] == pytest.approx(youden.max(), abs=1e-12)
    assert compared(parted, split="all").cases == 300
    with pytest.raises(ManifestError, match="There are test and val"):
        compared(parted, split="train")
    for wrong in ((0.5, 0.5), (1.5,), ()):
        with pytest.raises(ConfigError, match="Give one threshold"):
            compared(tables, thresholds=wrong)


def test_too_few_cases_of_val_choose_no_point(tables):
    split = np.where(np.arange(300) < 8, "val", "test")
    with pytest.raises(ManifestError, match="no operating point can be chosen"):
        compared({n: t.assign(split=split) for n, t in tables.items()}, thresholds="val")


def test_labels_may_stand_in_a_manifest(tables):
    known = tables["model-A"][["case_id", "patient_id", "pneumonia"]]
    bare = {n: t[["case_id", "pneumonia.probability"]] for n, t in tables.items()}
    assert compared(bare, known).findings == compared(tables).findings
    with pytest.raises(ManifestError, match="no case has a label of “Pneumonia”"):
        compared(bare)


def test_parquet_is_read_as_csv_is(tables, report):
    kept = []
    for name, table in tables.items():
        content = io.BytesIO()
        table.assign(pneumonia=table["pneumonia"].astype(float)).to_parquet(content)
        kept.append(parse_scores(f"{name}.parquet", content.getvalue()))
    assert compare_scores(kept, draws=DRAWS).findings == report.findings


def test_cases_that_not_every_file_has_are_counted(tables):
    first, second, *_ = tables.values()
    found = compared({"a": first[:250], "b": second[20:]})
    assert (found.cases, found.in_some) == (230, 70)


def test_a_finding_that_not_all_have_is_named(tables):
    first, second, *_ = tables.values()
    more = first.assign(**{"viral": 1, "viral.probability": 0.5})
    found = compared({"a": more, "b": second})
    assert [(one.finding, one.why) for one in found.left_out] == [("viral", "not_in_all")]
    with pytest.raises(ManifestError, match=r"“b.csv” has no column “viral.probability”"):
        compared({"a": more, "b": second}, finding="viral")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"case_id": lambda t: "x" + t["case_id"]}, "have no case in common"),
        ({"case_id": "C0001"}, "stand more than once: 1"),
        ({"case_id": None}, "has no column “case_id”"),
        ({"pneumonia.probability": None}, "has no probabilities"),
        ({"pneumonia.probability": 1.5}, "that are no probabilities"),
        (
            {"pneumonia": lambda t: 1 - t["pneumonia"]},
            "of “pneumonia”; cases: 300",
        ),
    ],
)
def test_what_cannot_be_compared_is_said(tables, columns, said):
    with pytest.raises(ManifestError, match=said):
        compared(changed(tables, **columns))


def test_one_label_alone_cannot_be_told(tables):
    ill = {n: t.assign(pneumonia=1) for n, t in tables.items()}
    with pytest.raises(ManifestError, match="all labelled cases of “Pneumonia” have the same"):
        compared(ill)


def test_fewer_than_two_files_and_other_kinds_are_refused(tables):
    with pytest.raises(ConfigError, match="at least two files"):
        compared({"a": tables["model-A"]})
    with pytest.raises(ConfigError, match="cannot be compared with each other"):
        parse_given([("a.json", b"{}"), ("b.csv", b"")])
    with pytest.raises(UnreadableFile, match="cannot be read as a table"):
        parse_scores("a.parquet", b"PAR1")


def test_cases_without_a_name_are_not_taken_for_one(tables):
    rows = next(iter(tables.values())).copy()
    rows.loc[3, "case_id"] = " "
    with pytest.raises(ManifestError, match="without a name in “case_id”: 1"):
        given({"a": rows})


def test_only_a_whole_number_loses_its_point(tables):
    rows = next(iter(tables.values())).iloc[:4].copy()
    rows["case_id"] = ["film", "film.0", "7.0", "8"]
    (scores,) = given({"a": rows})
    assert list(scores.table.index) == ["film", "film.0", "7", "8"]


def test_files_of_one_name_are_told_apart(tables):
    first, second, *_ = given(tables)
    again = parse_scores("model-A.csv", second.table.to_csv(index=False).encode())
    named = [file.model for file in compare_scores([first, again], draws=10).files]
    assert named == ["model-A (1)", "model-A (2)"]


def test_the_files_hold_the_report(report):
    held = files(report)
    differences = pd.read_csv(io.BytesIO(held["differences.csv"]))
    assert list(differences["p_holm"]) == [d.p_holm for d in report.findings[0].differences]
    curves = pd.read_csv(io.BytesIO(held["decision_curves.csv"]))
    assert list(curves["treat_none"].unique()) == [0.0] and len(curves) == 99
    assert list(curves["model:model-B"]) == list(report.findings[0].decision.models["model-B"])
    assert json.loads(held["report.json"])["notice"] == "Research use, not a medical device."
    assert report.files[0].sha256 in held["READ_ME.txt"].decode()


def test_records_are_set_beside_the_first():
    first, second = (take_from_shelf(name) for name in shelved()[:2])
    found = compare_records([first, second])
    row = next(r for r in found.rows if (r.finding, r.source) == ("pneumonia", "nih"))
    own, other = (r.real_parts["nih"]["pneumonia"].auroc for r in (second, first))
    assert row.difference == pytest.approx(own - other)
    assert row.test_cases == "different" and row.reference == "chest-base 1.4.0"
    assert b"kermany" in files(found)["records.csv"]
    with pytest.raises(ManifestError, match="no source with the same finding"):
        compare_records([first, second.model_copy(update={"real_parts": {}, "by_source": {}})])
    with pytest.raises(ConfigError, match="at least two"):
        compare_records([first])


def test_records_of_one_name_are_told_apart():
    first = take_from_shelf(shelved()[0])
    found = compare_records([first, first])
    assert found.models == ("chest-base 1.4.0 (1)", "chest-base 1.4.0 (2)")
    assert {(row.reference, row.model) for row in found.rows} == {found.models}
