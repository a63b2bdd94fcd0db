"""What the command line prints in Chinese: no sentence of it is left in English."""

import re
import shutil

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from mmbm.card import write_card
from mmbm.card.facts import FILES
from mmbm.cli import app
from tests.made_cases import NOTES

runner = CliRunner()
SENTENCE = re.compile(r"(?:\b[A-Za-z]{2,} +){3,}[A-Za-z]{2,}")  # four English words in a row


def in_chinese(*words):
    return runner.invoke(app, ["--language", "zh", *map(str, words)])


@pytest.fixture
def tiny(tiny_model_dir):
    return ["--model", str(tiny_model_dir), "--device", "cpu"]


def test_a_case_is_told_in_chinese(tiny, tiny_run, tmp_path):
    note = tmp_path / "note.txt"
    note.write_text(NOTES[1][1], encoding="utf-8")
    small = tmp_path / "film.png"  # with warnings
    Image.fromarray(np.tile(np.arange(90, dtype=np.uint8), (90, 1))).save(small)
    sound = tiny_run / "cases" / "sound1.wav"
    parts = ["--image", small, "--notes", note, "--audio", sound]
    done = in_chinese("predict", *parts, "--prevalence", "pneumonia=0.05", *tiny)
    assert done.exit_code == 0, done.stderr
    assert not SENTENCE.search(" ".join(done.stdout.split())), done.stdout
    for said in ("概率", "融合权重", "仅供研究", "警告：", "图像仅 90 × 90 像素"):
        assert said in done.stdout


def test_the_environment_chooses_the_language_too(tiny, tmp_path):
    note = tmp_path / "note.txt"
    note.write_bytes(b"...")
    done = runner.invoke(app, ["predict", "--notes", str(note), *tiny], env={"MMBM_LANGUAGE": "zh"})
    assert done.exit_code == 2
    assert done.stderr == "错误：病历为空，没有任何文字。请键入病历或选择其他文件。\n"
    again = runner.invoke(app, ["predict", "--notes", str(note), *tiny])
    assert again.stderr.startswith("error: The notes are empty")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["predict", "--prevalence", "pneumonia"], "不是带比例的判断"),
        (["calibrate", "none.csv", "--out", "x", "--model", "none-such"], "没有模型“none-such”"),
        (["data", "check", "none.csv"], "清单“none.csv”不存在"),
        (["data", "prepare", "padchest", "x", "--out", "y"], "没有来源“padchest”"),
        (["data", "prepare", "siim", "x", "--out", "y"], "没有文件夹“x”。应为："),
        (["train", "none.csv", "--out", "x", "--config", "none.toml"], "none.toml 无法作为"),
        (["sign", "none-such"], "没有模型“none-such”"),
    ],
)
def test_refusals_are_in_chinese(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = in_chinese(*words)
    assert done.exit_code == 2 and done.stderr.strip().startswith("错误：")
    assert said in done.stderr and not SENTENCE.search(done.stderr), done.stderr


def test_a_manifest_s_check_is_told_in_chinese(tiny_run):
    done = in_chinese("data", "check", tiny_run / "cases" / "manifest.csv")
    assert done.exit_code in (0, 1), done.stderr
    assert not SENTENCE.search(" ".join(done.stdout.split())), done.stdout
    assert "个病例" in done.stdout and "标签" in done.stdout


def test_the_card_is_written_in_both_languages(tiny_model_dir, tmp_path):
    folder = shutil.copytree(tiny_model_dir, tmp_path / "model")
    write_card(folder)
    english, chinese = ((folder / name).read_text(encoding="utf-8") for name in FILES.values())
    assert "## Intended use" in english and "## 预期用途" in chinese
    assert len(english.splitlines()) == len(chinese.splitlines())
    settings = "".join(line for line in chinese.splitlines(True) if "| " not in line)
    assert not SENTENCE.search(re.sub(r"cite|\b(?:CC BY|et al)\b", "", settings)), settings
