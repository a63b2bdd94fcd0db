"""A spoken note becomes text on this machine, and every refusal is one sentence."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mmbm.case import SAMPLE_RATE, Sound
from mmbm.cli import app
from mmbm.dictation import Dictation, load_dictation
from mmbm.errors import Cancelled, ConfigError, ModelError, NoSignal
from tests.made_cases import sound
from tests.made_dictation import Said, spoken
from tests.made_sounds import breath, plain_wav, room, speech

LUNGS = Path(__file__).parents[1] / "assets" / "samples" / "adult-opacity" / "sound.wav"


@pytest.fixture
def recording(tmp_path):
    file = tmp_path / "note.wav"
    file.write_bytes(plain_wav(speech()))
    return file


def test_a_recording_becomes_the_text_that_the_model_hears(whisper):
    dictation = load_dictation(whisper)
    note = dictation.note(spoken(), "en")
    assert set(note) == {"a"}
    assert dictation.note(spoken(), "en") == note
    assert dictation.language(spoken()) == "en"


@pytest.mark.parametrize("nobody", [np.zeros(3 * SAMPLE_RATE), room(3.0), breath(3.0)])
def test_where_nobody_speaks_no_words_are_heard(whisper, nobody):
    with pytest.raises(NoSignal, match="No words were heard"):
        load_dictation(whisper).note(Sound(waveform=nobody.astype(np.float32)), "en")


def test_nothing_of_what_was_said_is_logged(whisper, caplog):
    with caplog.at_level(logging.DEBUG):
        load_dictation(whisper).note(spoken(), "en")
    assert [record for record in caplog.records if "aaa" in record.getMessage()] == []


def test_a_model_of_english_alone_does_not_pass_off_chinese_as_english(whisper):
    with pytest.raises(ConfigError, match="knows English alone"):
        load_dictation(whisper).note(spoken(), "zh")


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


def test_the_language_is_english_or_chinese_whichever_is_more_likely():
    assert Dictation(Said()).language(sound()) == "zh"
    assert Dictation(Said(multilingual=False)).language(sound()) == "en"


def test_it_says_how_far_it_is_and_can_be_stopped():
    told, said = [], Said("one", "two", "three")
    assert Dictation(said).note(sound(seconds=4.0), "en", progress=told.append) == "one two three"
    assert told == [0.25, 0.5, 0.75]
    with pytest.raises(Cancelled, match="stopped before it was written down"):
        Dictation(said).note(sound(), "en", cancelled=lambda: said.parts > 1)
    assert said.parts == 2


def test_silence_and_a_failing_model_are_refused():
    with pytest.raises(NoSignal, match="No words were heard"):
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


def test_the_command_prints_the_text_and_asks_for_correction(whisper, recording, monkeypatch):
    monkeypatch.chdir(recording.parent)
    done = CliRunner().invoke(app, ["dictate", str(recording), "--model", str(whisper)])
    assert done.exit_code == 0, done.output
    assert set(done.stdout.strip()) == {"a"}
    assert "Correct this text before you use it as the note" in done.stderr
    assert list(recording.parent.iterdir()) == [recording]
    monkeypatch.setenv("MMBM_DICTATION", str(whisper))
    assert CliRunner().invoke(app, ["dictate", str(recording)]).exit_code == 0


def test_the_command_hears_no_words_in_a_lung_sound(whisper):
    done = CliRunner().invoke(app, ["dictate", str(LUNGS), "--model", str(whisper)])
    assert done.exit_code == 2 and done.stdout == ""
    assert "No words were heard" in done.stderr


def test_the_command_refuses_what_is_no_recording(whisper, tmp_path):
    (tmp_path / "note.wav").write_bytes(b"RIFF no sound at all" * 10)
    asked = ["dictate", str(tmp_path / "note.wav"), "--model", str(whisper)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
