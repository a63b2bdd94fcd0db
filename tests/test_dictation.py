"""A spoken note becomes text on this machine, and every refusal is one sentence."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmbm.cli import app
from mmbm.dictation import Dictation, load_dictation
from mmbm.errors import ConfigError, ModelError, NoSignal
from tests.made_cases import sound

RECORDING = Path(__file__).parents[1] / "assets" / "samples" / "adult-opacity" / "sound.wav"


@pytest.fixture(scope="module")
def whisper(tmp_path_factory):
    """The folder of a model that hears the letter a, whatever is said."""
    pytest.importorskip("faster_whisper", reason="the extra dictation is not installed")
    pytest.importorskip("transformers", reason="the extra encoders is not installed")
    from tests.made_whisper import write_whisper

    return write_whisper(tmp_path_factory.mktemp("whisper"))


class Said:
    """A Whisper whose words are known; it notes what it was asked."""

    def __init__(self, *texts, multilingual=True):
        self.texts, self.asked = texts, {}
        self.model = type("Model", (), {"is_multilingual": multilingual})()

    def transcribe(self, waveform, **asked):
        self.asked = asked | {"samples": len(waveform)}
        if self.texts == ("broken",):
            raise RuntimeError("out of memory")
        return (type("Segment", (), {"text": text})() for text in self.texts), None


def test_a_recording_becomes_the_text_that_the_model_hears(whisper):
    dictation = load_dictation(whisper)
    note = dictation.note(sound(), "en")
    assert set(note) == {"a"}
    assert dictation.note(sound(), "en") == note


def test_nothing_of_what_was_said_is_logged(whisper, caplog):
    with caplog.at_level(logging.DEBUG):
        load_dictation(whisper).note(sound(), "en")
    assert [record for record in caplog.records if "aaa" in record.getMessage()] == []


def test_a_model_of_english_alone_does_not_pass_off_chinese_as_english(whisper):
    with pytest.raises(ConfigError, match="knows English alone"):
        load_dictation(whisper).note(sound(), "zh")


@pytest.mark.parametrize(
    ("language", "texts", "note", "prompt"),
    [
        ("en", (" Fever for three days.", " No cough. "), "Fever for three days. No cough.",
         "clinical note"),
        ("zh", ("发热三天。", "无咳嗽。"), "发热三天。无咳嗽。", "病历"),
    ],
)  # fmt: skip
def test_each_language_has_its_prompt(language, texts, note, prompt):
    said = Said(*texts)
    assert Dictation(said).note(sound(seconds=2.0), language) == note
    assert said.asked["language"] == language
    assert prompt in said.asked["initial_prompt"]
    assert said.asked["samples"] == 32_000


def test_silence_and_a_failing_model_are_refused():
    with pytest.raises(NoSignal, match="No words were understood"):
        Dictation(Said("  ")).note(sound(), "en")
    with pytest.raises(ModelError, match="does not run"):
        Dictation(Said("broken")).note(sound(), "en")


def test_a_folder_is_needed_that_holds_a_whole_model(tmp_path):
    with pytest.raises(ConfigError, match=r"faster-whisper-small.*MMBM_DICTATION"):
        load_dictation(None)
    with pytest.raises(ConfigError, match=r"lacks model.bin"):
        load_dictation(tmp_path)
    for name in ("model.bin", "config.json"):
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(ConfigError, match=r"lacks tokenizer.json"):  # else it would be fetched
        load_dictation(tmp_path)
    (tmp_path / "tokenizer.json").write_bytes(b"{}")
    pytest.importorskip("faster_whisper")
    with pytest.raises(ConfigError, match="no Whisper that can be read"):
        load_dictation(tmp_path)


def test_without_the_extra_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}")
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(ConfigError, match=r'pip install "mmbm\[dictation\]"'):
        load_dictation(tmp_path)


def test_the_command_prints_the_text_and_asks_for_correction(whisper, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["dictate", str(RECORDING), "--model", str(whisper)])
    assert done.exit_code == 0, done.output
    assert set(done.stdout.strip()) == {"a"}
    assert "Correct this text before you use it as the note" in done.stderr
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("MMBM_DICTATION", str(whisper))
    assert CliRunner().invoke(app, ["dictate", str(RECORDING)]).exit_code == 0


def test_the_command_refuses_what_is_no_recording(whisper, tmp_path):
    (tmp_path / "note.wav").write_bytes(b"RIFF no sound at all" * 10)
    asked = ["dictate", str(tmp_path / "note.wav"), "--model", str(whisper)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
