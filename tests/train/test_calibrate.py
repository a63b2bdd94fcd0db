from __future__ import annotations

import json

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from mmbm.errors import ManifestError
from mmbm.model import checkpoint
from mmbm.train.calibrate import run_calibration


def calibrated(manifest, model, out, **more):
    return run_calibration(manifest, model, out, device="cpu", reading=lambda *_: None, **more)


def test_the_weights_stay_and_all_else_is_fitted_anew(tiny_run, tiny_model_dir, tmp_path):
    rows = pd.read_csv(tiny_run / "cases" / "manifest.csv", dtype=str, keep_default_na=False)
    for part in ("image", "audio"):
        rows[part] = [str(tiny_run / "cases" / name) if name else "" for name in rows[part]]
    rows.loc[rows["split"] == "val", ["pneumonia", "no_finding"]] = rows.loc[
        rows["split"] == "val", ["no_finding", "pneumonia"]
    ].to_numpy()  # what the model calls pneumonia is none here
    rows.to_csv(tmp_path / "manifest.csv", index=False)
    out = calibrated(tmp_path / "manifest.csv", tiny_model_dir, tmp_path / "ours")
    old, new = (load_file(f / "model.safetensors") for f in (tiny_model_dir, out))
    changed = {name for name in old if not torch.equal(old[name], new[name])}
    assert changed and all(name.startswith("calibration_") for name in changed)
    loaded = checkpoint.read(out)  # card, weights and tables fit one another
    assert loaded.trust is not None
    card = json.loads((out / "card.json").read_text(encoding="utf-8"))
    first, last = card["lineage"]
    assert (first["kind"], last["kind"]) == ("train", "calibrate")
    assert first["sha256"] == last["start_from"] and len(last["manifest_sha256"]) == 64
    assert "| calibrate |" in (out / "card.md").read_text(encoding="utf-8")
    assert json.loads((out / "evaluation.json").read_text(encoding="utf-8"))["model"]["sha256"]
    assert (out / "card.md").is_file() and (out / "training.csv").is_file()


def test_the_same_cases_give_the_same_calibration(tiny_run, tiny_model_dir, tmp_path):
    out = calibrated(tiny_run / "cases" / "manifest.csv", tiny_model_dir, tmp_path / "again")
    old, new = (checkpoint.read(f) for f in (tiny_model_dir, out))
    for name, tensor in old.network.state_dict().items():
        torch.testing.assert_close(new.network.state_dict()[name], tensor, rtol=1e-3, atol=1e-3)


def test_it_needs_train_and_val_rows(tiny_run, tiny_model_dir, tmp_path):
    rows = pd.read_csv(tiny_run / "cases" / "manifest.csv", dtype=str, keep_default_na=False)
    rows[rows["split"] != "val"].assign(image="", audio="").to_csv(
        tmp_path / "manifest.csv", index=False
    )
    with pytest.raises(ManifestError, match="no row with split 'val'"):
        calibrated(tmp_path / "manifest.csv", tiny_model_dir, tmp_path / "ours")


@pytest.mark.slow
def test_few_patients_are_said_and_too_few_refused(tiny_run, tiny_model_dir, tmp_path):
    rows = pd.read_csv(tiny_run / "cases" / "manifest.csv", dtype=str, keep_default_na=False)
    rows = rows[rows["split"] != "test"].assign(image="", audio="")
    more = rows[rows["split"] == "val"]
    more = more.assign(case_id=more["case_id"] + "b", patient_id=more["patient_id"] + "b")
    rows = pd.concat([rows, more[more["pneumonia"] == "1"], more[more["pneumonia"] == "0"][:4]])
    path, said = tmp_path / "manifest.csv", []
    rows.to_csv(path, index=False)
    calibrated(path, tiny_model_dir, tmp_path / "few", warn=said.append)
    assert "Few patients for Pneumonia: 16 with and 12 without it in val. At least 20" in said[0]
    assert len(said) == 2
    first = more["case_id"].iloc[0]
    rows[(rows["split"] == "train") | (rows["case_id"] == first)].to_csv(path, index=False)
    with pytest.raises(ManifestError, match="at least 20 patients with and 20 without"):
        calibrated(path, tiny_model_dir, tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
def test_the_head_is_fitted_anew_and_the_encoders_stay(tiny_run, tiny_model_dir, tmp_path):
    out = calibrated(tiny_run / "cases" / "manifest.csv", tiny_model_dir, tmp_path / "o", head=True)
    old, new = (load_file(f / "model.safetensors") for f in (tiny_model_dir, out))
    changed = {name for name in old if not torch.equal(old[name], new[name])}
    assert {"head.weight", "head.bias", "fusion.scores"} <= changed
    ends = ("calibration_", "head.", "fusion.", "event_heads.", "normalise.")
    assert all(n.startswith(ends) or ".project." in n for n in changed)
    card = json.loads((out / "card.json").read_text(encoding="utf-8"))
    assert card["lineage"][-1]["settings"] == {"head": True}
