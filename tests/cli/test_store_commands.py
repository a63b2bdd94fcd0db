"""``mmbm store``: from a manifest to a worklist, to readings, to a calibrated model."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from mmbm.cli import app
from mmbm.data.manifest import read_manifest
from mmbm.model import checkpoint
from mmbm.reading import Decision, Mark, Reading
from mmbm.store import open_store
from tests.made_cases import write_manifest

runner = CliRunner()


def mmbm(folder, *words):
    return runner.invoke(app, ["store", *map(str, words)], env={"MMBM_STORE": str(folder)})


@pytest.fixture(scope="module")
def filled(tmp_path_factory, tiny_model_dir):
    """A store of eight scored cases, of which all are decided."""
    folder = tmp_path_factory.mktemp("commands")
    manifest = write_manifest(folder / "cases", 8)
    done = mmbm(folder / "store", "add", manifest)
    assert done.exit_code == 0, done.output
    done = mmbm(folder / "store", "score", "--model", tiny_model_dir, "--device", "cpu")
    assert done.exit_code == 0, done.output
    store = open_store(folder / "store")
    box = Mark(kind="box", points=((0.4, 0.9), (0.1, 0.5)))
    for number, case_id in enumerate(row.case.case_id for row in store.worklist().rows):
        answers = ("yes", "no") if number % 2 else ("no", "yes")
        findings = zip(("pneumonia", "no_finding"), answers, strict=True)
        decisions = tuple(Decision(finding=f, final=answer) for f, answer in findings)
        store.save_reading(case_id, Reading(reader="Dr A", decisions=decisions, marks=(box,)))
    store.close()
    return folder


def test_cases_of_a_manifest_are_added_once_and_scored(filled):
    again = mmbm(filled / "store", "add", filled / "cases" / "manifest.csv")
    assert "Cases kept in the store: 8." in again.stdout
    page = json.loads(mmbm(filled / "store", "list", "--json", "--search", "patient3").stdout)
    assert page["total"] == 1
    row = page["rows"][0]
    assert row["case"]["patient"] == "patient3" and row["case"]["scored"] and row["case"]["read"]
    assert set(row["answers"]) == {"pneumonia", "no_finding"}
    assert "patient3" in mmbm(filled / "store", "list").stdout
    store = open_store(filled / "store")
    assert len(store.labels("pneumonia")) == 8
    store.close()


def test_the_analyses_are_the_same_again(filled, tiny_model_dir):
    done = mmbm(filled / "store", "rerun", "--model", tiny_model_dir)
    assert done.exit_code == 0, done.output
    assert "8 of 8 analyses are the same to the last bit." in done.stdout


def test_decided_cases_calibrate_a_model(filled, tiny_model_dir, tmp_path):
    done = mmbm(filled / "store", "export", "--decided", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "Decided cases: 8, of so many patients: 8 (" in done.stdout
    assert "Names were taken out" in done.stdout
    named = mmbm(filled / "store", "export", "--decided", tmp_path / "named", "--identified")
    assert "may name its patient" in named.stdout
    path = tmp_path / "out" / "manifest.csv"
    manifest = read_manifest(path)
    assert manifest.findings == ("pneumonia", "no_finding")
    labels = manifest.labels(manifest.findings)
    assert (labels.sum(1) == 1).all() and labels[:, 0].sum() == 4
    assert "patient3" not in path.read_text(encoding="utf-8")
    boxes = [manifest.boxes(row) for row in range(8)]
    assert [len(found) for found in boxes] == labels[:, 0].tolist()
    assert tuple(next(b for b in boxes if b)[0]) == (0.1, 0.5, 0.4, 0.9)
    words = ["calibrate", str(path), "--model", str(tiny_model_dir), "--device", "cpu"]
    done = runner.invoke(app, [*words, "--out", str(tmp_path / "none")])
    assert done.exit_code == 2 and "too few labelled cases in its val split" in done.output
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows["split"] = ["train"] * 2 + ["val"] * 6
    rows.to_csv(path, index=False)
    done = runner.invoke(app, [*words, "--out", str(tmp_path / "ours")])
    assert done.exit_code == 0, done.output
    assert "Warning: Few patients for Pneumonia: " in done.output
    assert checkpoint.read(tmp_path / "ours").trust is not None


def test_one_case_by_its_files_and_out_again(filled, tmp_path):
    files = [w for m, n in (("image", "film1.png"), ("audio", "sound1.wav"))
             for w in (f"--{m}", filled / "cases" / n)]  # fmt: skip
    done = mmbm(tmp_path / "s", "add", *files, "--patient", "Kilroy", "--taken", "2026-03-31")
    assert done.exit_code == 0, done.output
    case_id = done.stdout.splitlines()[0]
    assert "2026-03-31" in mmbm(tmp_path / "s", "list").stdout
    assert "The store is whole" in mmbm(tmp_path / "s", "verify").stdout
    done = mmbm(tmp_path / "s", "purge", case_id, "--by", "Dr A")
    assert done.exit_code == 0 and f"Case {case_id} was purged" in done.stdout
    held = b"".join(p.read_bytes() for p in (tmp_path / "s").rglob("*") if p.is_file())
    assert b"Kilroy" not in held and case_id.encode() in held
    told = mmbm(tmp_path / "s", "audit", case_id).stdout.splitlines()
    assert [line.split("  ")[2:4] for line in told] == [["local", "add"], ["Dr A", "purge by hand"]]
    last = json.loads(mmbm(tmp_path / "s", "audit", "--json").stdout.splitlines()[-1])
    assert last["act"] == "purge by hand" and len(last["digest"]) == 64


def test_a_changed_file_is_found(filled, tmp_path):
    mmbm(tmp_path / "s", "add", "--image", filled / "cases" / "film1.png")
    (file,) = (p for p in (tmp_path / "s" / "files").rglob("*") if p.is_file())
    file.write_bytes(b"other")
    done = mmbm(tmp_path / "s", "verify")
    assert done.exit_code == 1 and "not the one that was put there" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add"], "The case is empty"),
        (["add", "--image", "nowhere.png"], "could not be opened"),
        (["add", "--image", "nowhere.png", "--taken", "soon"], "is no date"),
        (["purge", "0123"], "no such case"),
        (["rerun", "0123"], "no such case"),
        (["export", "--decided", "out"], "No case has a final answer"),
    ],
)
def test_a_refusal_is_one_line(tmp_path, words, said):
    done = mmbm(tmp_path / "s", *words)
    assert done.exit_code == 2 and said in done.stderr and done.stderr.count("\n") == 1


def test_without_a_store_there_is_nothing_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = runner.invoke(app, ["store", "list"], env={"MMBM_STORE": ""})
    assert done.exit_code == 2 and "No store is named" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_cohort_takes_the_scores_of_the_store(filled):
    store = open_store(filled / "store")
    kept = store.scored()
    probabilities = {row.case.case_id: row.answers for row in store.worklist().rows}
    store.close()
    assert len(kept) == 8 and len({row["model_sha256"] for row in kept}) == 1
    for row in kept:
        told = probabilities[row["case_id"]]["pneumonia"]
        assert (row["pneumonia.logit"], row["pneumonia.probability"]) == (
            told.logit,
            told.probability,
        )
    table = filled / "arms.csv"
    lines = [f"{row['patient_id']},{'ab'[k % 2]}" for k, row in enumerate(kept)]
    table.write_text("\n".join(["patient_id,arm", *lines]), encoding="utf-8")
    done = runner.invoke(
        app, ["cohort", str(table), "--stored", "--store", str(filled / "store"), "--json"]
    )
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["arms"] == ["a", "b"] and report["patients"] == 8
    a = [row["pneumonia.logit"] for row in kept[::2]]
    assert report["groups"][0]["mean"] == pytest.approx(sum(a) / len(a))
