from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest
from typer.testing import CliRunner

from mmbm.card import read_card
from mmbm.cli import app
from mmbm.data.manifest import read_manifest
from mmbm.data.select import held_out, left_out_by, trained_on
from mmbm.errors import ConfigError, ManifestError
from mmbm.evaluate.left_out import left_out_of
from mmbm.evaluate.run import run_evaluation
from mmbm.record import read_record
from mmbm.storage import put
from mmbm.train.run import run_training
from tests.made_cases import TINY_TRAINING


def trained(tiny_run, folder, **settings):
    """The folder of a tiny model trained on the tiny run's cases with other settings."""
    return run_training(
        tiny_run / "cases" / "manifest.csv",
        folder,
        TINY_TRAINING.model_copy(update=settings),
        resume=False,
        device="cpu",
        reading=lambda *_: None,
        step=lambda _: None,
    )


@pytest.fixture(scope="module")
def without_south(tiny_run, tmp_path_factory):
    """The folder of a tiny model trained without the source "south"."""
    return trained(tiny_run, tmp_path_factory.mktemp("without"), leave_out=("south",), epochs=1)


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


def test_a_patient_of_a_source_left_out_is_tested_elsewhere_too(tiny_run):
    manifest = read_manifest(tiny_run / "cases" / "manifest.csv")
    rows = manifest.rows
    here, there = ((rows["source"] == s) & (rows["split"] == "train") for s in ("north", "south"))
    both = rows.index[here | there][:3]
    assert set(rows["source"][both]) == {"north", "south"}
    rows.loc[both, "patient_id"] = "of both"
    held = held_out(manifest, ("south",)).rows
    assert set(held["split"][both]) == {"test"}
    assert held.groupby("patient_id")["split"].nunique().max() == 1


def test_what_a_model_has_learned_from_cannot_be_left_out(tiny_run, tiny_model_dir, tmp_path):
    with pytest.raises(ConfigError, match="has learned from the source 'south'"):
        trained(tiny_run, tmp_path, start_from=str(tiny_model_dir), leave_out=("south",))


def test_test_cases_alone_do_not_make_their_sources_new_to_a_model(
    tiny_run, tiny_model_dir, without_south
):
    """The card says what was learned from where the manifest has no train rows."""
    rows = pd.read_csv(tiny_run / "cases" / "manifest.csv", dtype=str, keep_default_na=False)
    alone = tiny_run / "cases" / "test_alone.csv"
    rows[rows["split"] == "test"].to_csv(alone, index=False)
    for folder, unseen in ((tiny_model_dir, set()), (without_south, {"south"})):
        record = run_evaluation(alone, folder, device="cpu", reading=lambda *_: None)
        assert set(record.status["pneumonia"].unseen) == unseen


def test_what_was_learned_goes_from_card_to_card():
    whole = {"data": [{"source": "north", "split": "train"}, {"source": "west", "split": "test"}]}
    without = {"leave_out": ["north"], "data": [{"source": "south", "split": "train"}]}
    begun = {"leave_out": ["north", "east"], "trained_on": ["south"]}
    assert trained_on(whole, without) == {"north", "south"}
    assert left_out_by(without) == ("north",) and left_out_by(begun, without) == ("north", "east")
    assert left_out_by(without, whole) == () and left_out_by(begun, whole) == ("east",)


def test_a_source_that_is_not_there_cannot_be_left_out(tiny_run, tmp_path):
    with pytest.raises(ManifestError, match="no source 'west' to leave out"):
        trained(tiny_run, tmp_path, leave_out=("west",))
