"""A settings file for a manifest, and a first model by it: with each part read by one's own net."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest
from typer.testing import CliRunner

import mmbm
from mmbm.cli import app
from mmbm.data.manifest import read_manifest
from mmbm.new.first import EPOCHS, Pace, budget, part_of
from mmbm.record import read_record
from mmbm.train.config import TrainConfig
from tests.made_cases import case, write_manifest
from tests.made_encoders import sound_folder, text_folder, timm_folder, vision_folder

runner = CliRunner()


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return write_manifest(tmp_path_factory.mktemp("cases"), 32)


def new(folder, manifest, *more):
    done = runner.invoke(app, ["new", str(folder), "--manifest", str(manifest), *map(str, more)])
    return done.exit_code, " ".join((done.stdout + done.stderr).split())


def test_the_settings_say_what_the_manifest_has(manifest, tmp_path):
    code, said = new(tmp_path / "first", manifest)
    assert code == 0 and "findings pneumonia, no_finding; reads image, notes, audio" in said
    path = tmp_path / "first" / "settings.toml"
    settings = TrainConfig.read(path)
    assert settings.model.name == "first"
    assert settings.model.modalities == ("image", "notes", "audio")
    assert settings.model.audio.events == ("normal", "fine_crackles")
    assert "Few patients for Pneumonia: 4 with and 4 without it in val" in said
    assert "# pneumonia: 8 training cases with it, 8 without" in path.read_text(encoding="utf-8")
    code, said = new(tmp_path / "first", manifest)
    assert code == 2 and "'first' is there already" in said


def test_what_cannot_be_learned_is_refused_or_left_out(manifest, tmp_path):
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    def other(**cells):
        path = manifest.parent / "other.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [*rows[0]])
            writer.writeheader()
            writer.writerows(row | cells for row in rows)
        return path

    code, said = new(tmp_path / "a", other(no_finding="1"))
    text = (tmp_path / "a" / "settings.toml").read_text(encoding="utf-8")
    assert code == 0 and 'findings = ["pneumonia"]' in text and "without: no_finding" in text
    code, said = new(tmp_path / "b", other(no_finding="1", pneumonia=""))
    assert code == 2 and "no finding that is 1 in some training rows and 0 in others" in said
    code, said = new(tmp_path / "c", other(audio=""), "--audio", tmp_path)
    assert code == 2 and "no training row of 'other.csv' has one" in said
    code, said = new(tmp_path / "d", manifest, "--notes", tmp_path / "nowhere")
    assert code == 2 and "'nowhere' is not a folder with a whole net" in said
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "config.json").write_text('{"architecture": "test_vit",')
    code, said = new(tmp_path / "e", manifest, "--image", tmp_path / "net")
    assert code == 2 and "config.json in the folder 'net' is not a whole JSON object" in said
    assert not (tmp_path / "e").exists()
    assert not (tmp_path / "b").exists() and not (tmp_path / "d").exists()


@pytest.mark.parametrize("kind", ["folder of timm", "name of timm"])
def test_a_net_of_timm_is_named(kind, manifest, tmp_path):
    given = timm_folder(tmp_path / "net") if kind == "folder of timm" else "test_vit"
    assert new(tmp_path / "own", manifest, "--image", given)[0] == 0
    image = TrainConfig.read(tmp_path / "own" / "settings.toml").model.image
    assert (image.encoder, image.feature_level) == ("backbone", -1)
    assert (image.folder != "") == image.frozen == (kind == "folder of timm")


def test_the_first_model_has_its_record_and_card(manifest, tmp_path):
    nets = {
        "--image": vision_folder(tmp_path / "vit"),
        "--notes": text_folder(tmp_path / "bert"),
        "--audio": sound_folder(tmp_path / "waves"),
    }
    given = [word for option, folder in nets.items() for word in (option, folder)]
    own = tmp_path / "own"
    code, said = new(own, manifest, *given, "--train", "--minutes", 0.5, "--device", "cpu")
    assert code == 0, said
    assert "fit into 0.5 minutes" in said and "mmbm serve --model" in said
    assert said.index("Few patients for Pneumonia") < said.index("Reading chest X-rays")
    model = own / "run" / "model"
    assert read_record(model) is not None and (model / "card.md").is_file()
    analysis = mmbm.analyse(case(1), mmbm.load(model, "cpu"))
    assert all(account.residual <= 1e-5 for account in analysis.accounts)


def test_what_fits_into_the_minutes():
    counts = {"train": 200, "val": 50, "test": 50}
    slow, fast = (budget(counts, Pace(0.01, step), 5.0) for step in (1.0, 0.001))
    assert slow.epochs == EPOCHS[0] and slow.share == pytest.approx(280 / 883, rel=1e-6)
    assert fast == (EPOCHS[1], 1.0)
    between = budget(counts, Pace(0.01, 0.2), 5.0)
    assert between.share == 1.0 and EPOCHS[0] <= between.epochs < EPOCHS[1]


def test_a_part_of_the_manifest_keeps_splits_labels_and_files(manifest, tmp_path):
    whole = read_manifest(manifest)
    part = read_manifest(part_of(whole, "pneumonia", 0.5, tmp_path / "first.csv"))
    assert 16 <= len(part.rows) < len(whole.rows)
    assert set(part.rows["split"]) == {"train", "val", "test"}
    kept = part.rows.groupby(["split", "source"])["pneumonia"].nunique()
    assert (kept == 2).all()
    held = [set(m.rows["patient_id"][m.rows["split"] == "val"]) for m in (part, whole)]
    assert held[0] == held[1]  # too few to thin out
    assert part.path(0, "image").is_absolute() and part.path(0, "image").is_file()


def test_a_part_keeps_a_finding_that_no_patient_drawn_is_labelled_for(manifest, tmp_path):
    """The settings name it, and a run refuses a manifest without its column."""
    whole = read_manifest(manifest)
    drawn = set(
        read_manifest(part_of(whole, "pneumonia", 0.01, tmp_path / "a.csv")).rows["case_id"]
    )
    others = ~whole.rows["case_id"].isin(drawn) & (whole.rows["split"] == "train")
    rare = whole.rows["pneumonia"].where(others, "")
    assert set(rare) == {"", "0", "1"}
    findings = (*whole.findings, "rare")
    whole = replace(whole, rows=whole.rows.assign(rare=rare), findings=findings)
    part = read_manifest(part_of(whole, "pneumonia", 0.01, tmp_path / "b.csv"))
    assert part.findings == findings and set(part.rows["rare"]) == {""}
