from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

from mmbm.card import read_card
from mmbm.cli import app
from mmbm.data.manifest import read_manifest
from mmbm.errors import ManifestError
from mmbm.evaluate.left_out import left_out_of
from mmbm.evaluate.run import run_evaluation
from mmbm.record.record import read_record
from mmbm.storage.folder import put
from mmbm.train.run import run_training
from tests.made_cases import TINY_TRAINING


@pytest.fixture(scope="module")
def without_south(tiny_run, tmp_path_factory):
    """The folder of a tiny model trained without the source "south"."""
    config = TINY_TRAINING.model_copy(update={"leave_out": ("south",), "epochs": 1})
    folder = tmp_path_factory.mktemp("without")
    manifest = tiny_run / "cases" / "manifest.csv"
    return run_training(
        manifest,
        folder,
        config,
        resume=False,
        device="cpu",
        reading=lambda *_: None,
        step=lambda _: None,
    )


def test_a_source_left_out_is_tested_in_full_and_never_trained_on(tiny_run, without_south):
    rows = read_manifest(tiny_run / "cases" / "manifest.csv").rows
    record, facts = read_record(without_south), read_card(without_south).facts
    assert record.left_out == ("south",)
    assert record.by_source["south"]["pneumonia"].n == (rows["source"] == "south").sum()
    assert record.by_source["north"]["pneumonia"].n < (rows["source"] == "north").sum()
    assert set(record.status["pneumonia"].unseen) == {"south"}
    assert {row["split"] for row in facts["data"] if row["source"] == "south"} == {"test"}


def test_its_figures_stand_in_the_record_and_card_of_the_whole_model(
    tiny_run, tiny_model_dir, without_south, tmp_path
):
    manifest, out = tiny_run / "cases" / "manifest.csv", tmp_path / "record.json"
    options = ["--model", str(tiny_model_dir), "--without", str(without_south), "--json", str(out)]
    done = CliRunner().invoke(app, ["evaluate", str(manifest), *options])
    assert done.exit_code == 0, done.stderr
    other = read_record(without_south)
    record = run_evaluation(
        manifest, tiny_model_dir, device="cpu", reading=lambda *_: None, without=[without_south]
    )
    left = record.leave_one_source_out["south"]
    assert left.sha256 == other.model.sha256 != record.model.sha256
    assert left.by_finding == other.real_parts["south"]
    assert record.by_source["south"]["pneumonia"].n < left.by_finding["pneumonia"].n
    assert set(record.status["pneumonia"].unseen) == {"south"}
    assert "| south, trained without it | Pneumonia |" in done.stdout
    assert "; trained without it, south " in done.stdout


def test_a_finding_that_no_training_case_had_is_left_out(without_south, tmp_path):
    folder = tmp_path / "without"
    shutil.copytree(without_south, folder)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    for row in card["data"]:
        row["no_finding"] = 0 if row["split"] == "train" else row["no_finding"]
    put(folder, "card.json", json.dumps(card).encode())
    assert set(left_out_of([folder])["south"].by_finding) == {"pneumonia"}


def test_a_source_that_is_not_there_cannot_be_left_out(tiny_run, tmp_path):
    config = TINY_TRAINING.model_copy(update={"leave_out": ("west",)})
    with pytest.raises(ManifestError, match="no source 'west' to leave out"):
        run_training(
            tiny_run / "cases" / "manifest.csv",
            tmp_path,
            config,
            resume=False,
            device="cpu",
            reading=lambda *_: None,
            step=lambda _: None,
        )
