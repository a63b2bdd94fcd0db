from __future__ import annotations

import json
import math
import shutil

import pytest
from PIL import Image
from typer.testing import CliRunner

from mmbm.case import MODALITIES
from mmbm.cli import app
from mmbm.explain.verdict import read_sanity
from mmbm.model.facts import read_facts
from mmbm.record import read_record
from mmbm.storage import assets_folder, checksums, put
from tests.made_cases import NOTES

runner = CliRunner()


@pytest.fixture
def files(tiny_run, tmp_path):
    note = tmp_path / "note.txt"
    note.write_text(NOTES[1][1], encoding="utf-8")
    cases = tiny_run / "cases"
    return {"image": cases / "film1.png", "notes": note, "audio": cases / "sound1.wav"}


def predict(model, **parts):
    options = [word for name, path in parts.items() for word in (f"--{name}", str(path))]
    return runner.invoke(
        app, ["predict", *options, "--model", str(model), "--device", "cpu", "--json"]
    )


def test_json_has_its_published_shape(tiny_model_dir, files):
    done = predict(tiny_model_dir, **files)
    assert done.exit_code == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["model"].keys() == {"name", "version", "sha256"}
    assert result["device"] == "cpu" and result["mmbm_version"]
    assert result["notice"] == "Research use, not a medical device."
    assert all(result["inputs"][m]["present"] for m in MODALITIES)
    assert sum(result["fusion_weights"][m] for m in MODALITIES) == pytest.approx(1.0)
    assert [f["name"] for f in result["findings"]] == ["pneumonia", "no_finding"]
    record = read_record(tiny_model_dir)
    assert record is not None
    statuses = {name: status.level for name, status in record.status.items()}
    assert {f["name"]: f["status"] for f in result["findings"]} == statuses
    residuals = []
    for finding in result["findings"]:
        assert 0 < finding["probability"] < 1
        total = finding["base"] + sum(finding["contributions"].values())
        assert finding["interaction"] == 0.0  # of a weighted sum
        residuals.append(abs(total - finding["logit"]))
    assert result["residual"] == pytest.approx(max(residuals), abs=1e-9)
    assert result["residual"] <= 1e-5
    assert result["events"].keys() == {"audio"} and len(result["events"]["audio"]) == 6


def test_a_prevalence_that_is_given_twice_is_refused(files, capsys):
    given = ["pneumonia=0.1", "pneumonia = 0.2"]
    asked = [x for share in given for x in ("--prevalence", share)]
    with pytest.raises(SystemExit) as ended:
        app(["predict", "--notes", str(files["notes"]), *asked])
    assert ended.value.code == 2
    assert "--prevalence is given twice for pneumonia" in capsys.readouterr().err


def test_the_result_holds_the_probability_at_both_prevalences(tiny_model_dir, files):
    calibrated = read_facts(tiny_model_dir)["calibration"]["pneumonia"]["prevalence"]
    asked = [str(files["notes"]), "--prevalence", "pneumonia=0.02"]
    result = json.loads(predict(tiny_model_dir, notes=asked[0]).stdout)
    moved = json.loads(
        runner.invoke(
            app, ["predict", "--notes", *asked, "--model", str(tiny_model_dir), "--json"]
        ).stdout
    )
    before, after = result["findings"][0], moved["findings"][0]
    assert before["prevalence"]["calibrated"] == calibrated and 0 < calibrated < 1
    assert before["prevalence"]["wanted"] is None
    assert before["probability"] == after["probability"]
    assert before["prevalence"]["probability"] == pytest.approx(before["probability"])
    added = math.log(0.02 / 0.98) - math.log(calibrated / (1 - calibrated))
    assert after["prevalence"]["log_odds_added"] == pytest.approx(added)
    at_2 = 1 / (1 + math.exp(-(after["logit"] + added)))
    assert after["prevalence"]["probability"] == pytest.approx(at_2)
    assert moved["findings"][1] == result["findings"][1]


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ("pneumonia", "--prevalence pneumonia is not a finding with a share"),
        ("pneumonia=5", "A prevalence of 5 for 'pneumonia' cannot be used"),
        ("gout=0.1", "The prevalence of 'gout' cannot be changed"),
    ],
)
def test_a_prevalence_that_cannot_be_used_is_refused(tiny_model_dir, files, said, refusal):
    asked = ["--notes", str(files["notes"]), "--model", str(tiny_model_dir)]
    done = runner.invoke(app, ["predict", *asked, "--prevalence", said])
    assert done.exit_code == 2 and done.stderr.startswith(f"error: {refusal}")


def test_what_no_answer_covers_stands_in_the_result(tiny_model_dir, files):
    result = json.loads(predict(tiny_model_dir, notes=files["notes"]).stdout)
    assert {"pneumothorax", "fractures", "pleural effusion"} <= set(result["not_assessed"])
    assert [f["title"] for f in result["findings"]] == ["Pneumonia", "No opacity seen"]
    told = runner.invoke(
        app, ["predict", "--notes", str(files["notes"]), "--model", str(tiny_model_dir)]
    ).stdout
    assert "Not assessed, among others: pneumothorax" in told
    assert "set yours with --prevalence" in " ".join(told.split())


def test_without_a_record_that_fits_a_status_is_not_assessed(tiny_model_dir, tmp_path, files):
    model = tmp_path / "model"
    shutil.copytree(tiny_model_dir, model)
    put(model, "evaluation.json", b"damaged")
    result = json.loads(predict(model, notes=files["notes"]).stdout)
    assert {f["status"] for f in result["findings"]} == {"not_assessed"}


def test_what_is_missing_contributes_nothing(tiny_model_dir, files):
    result = json.loads(predict(tiny_model_dir, notes=files["notes"]).stdout)
    assert result["inputs"]["image"] == {"present": False}
    assert result["events"] == {}
    for finding in result["findings"]:
        assert finding["contributions"]["image"] == finding["contributions"]["audio"] == 0


def test_the_result_holds_nothing_of_the_note(tiny_model_dir, files):
    assert "咳嗽" not in predict(tiny_model_dir, **files).stdout


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, "The case is empty"),
        ({"image": "nowhere.dcm"}, "The chest X-ray file could not be opened"),
    ],
)
def test_a_refusal_is_one_line_and_exit_2(tiny_model_dir, parts, said):
    done = predict(tiny_model_dir, **parts)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert said in done.stderr


def test_a_damaged_image_is_refused_in_one_line(tiny_model_dir, tmp_path):
    broken = tmp_path / "broken.png"
    Image.new("L", (64, 64), 9).save(broken)
    broken.write_bytes(broken.read_bytes()[:40])
    done = predict(tiny_model_dir, image=broken)
    assert done.exit_code == 2 and done.stdout == ""
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


def test_evaluate_writes_the_record(tiny_run, tiny_model_dir, tmp_path):
    record = tmp_path / "record.json"
    manifest = tiny_run / "cases" / "manifest.csv"
    done = runner.invoke(
        app, ["evaluate", str(manifest), "--model", str(tiny_model_dir), "--json", str(record)]
    )
    assert done.exit_code == 0, done.stderr
    assert json.loads(record.read_text()) == json.loads(
        (tiny_model_dir / "evaluation.json").read_text()
    )
    assert "| north † | Pneumonia |" in done.stdout


def test_train_names_the_bad_row(tmp_path):
    manifest = tmp_path / "cases.csv"
    manifest.write_text(
        "case_id,patient_id,source,split,notes_text,pneumonia\na,p,s,train,hello,maybe\n"
    )
    done = runner.invoke(app, ["train", str(manifest), "--out", str(tmp_path / "run")])
    assert done.exit_code == 2
    assert "Line 2 of 'cases.csv', column 'pneumonia': not 1, 0 or blank." in done.stderr


def test_sample_writes_three_cases(tmp_path):
    done = runner.invoke(app, ["sample", str(tmp_path / "samples")])
    assert done.exit_code == 0, done.stderr
    names = [path.relative_to(tmp_path / "samples") for path in tmp_path.glob("samples/*/*")]
    assert len(names) == 9
    shipped = assets_folder() / "samples"
    for name in names:
        assert (tmp_path / "samples" / name).read_bytes() == (shipped / name).read_bytes()


def test_sanity_is_checked_once_and_kept_with_the_model(tiny_model_dir, tmp_path):
    folder = shutil.copytree(tiny_model_dir, tmp_path / "model")
    done = runner.invoke(app, ["sanity", "--model", str(folder), "--device", "cpu"])
    assert done.exit_code == 0, done.stderr
    sha = checksums(folder)["model.safetensors"]
    stored = read_sanity(folder, sha)
    assert [(s.over, s.method) for s in stored] == [
        (over, "DeepLIFT") for over in ("pixels", "words", "bands")
    ]
    assert all(0 <= s.similarity <= 1 and s.cases == 3 for s in stored)
    assert done.stdout.count("over 3 cases") == 3
