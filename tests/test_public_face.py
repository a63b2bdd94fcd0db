"""The library by its public face: three calls, documented by examples that run."""

import doctest
import importlib
import json
import subprocess
import sys
import threading

import numpy as np
import pytest

import mmbm
import mmbm.io
from mmbm.case import SAMPLE_RATE, Case
from mmbm.evaluate.golden import sample_cases
from mmbm.reading import Mark, Reading
from mmbm.storage import assets_folder

SAMPLE = assets_folder() / "samples" / "adult-opacity"
SERVED = """
import json, sys
from pathlib import Path
import mmbm
folder = Path(sys.argv[1])
case = mmbm.read_case(folder / "image.dcm", folder / "notes.txt", folder / "sound.wav")
analysis = mmbm.analyse(case)
print(json.dumps(sorted(sys.modules)))
mmbm.case_report(analysis)
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize("name", ["mmbm", "mmbm.analysis", "mmbm.io", "mmbm.predict.predictor"])
def test_the_examples_run(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


def test_every_public_name_is_there():
    assert {name for name in mmbm.__all__ if getattr(mmbm, name) is not None} == set(mmbm.__all__)
    assert set(mmbm.__all__) <= set(dir(mmbm))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        mmbm.nothing  # noqa: B018


def test_serving_a_case_imports_nothing_of_training():
    code = [sys.executable, "-c", SERVED, str(SAMPLE)]
    done = subprocess.run(code, capture_output=True, text=True, check=True)
    analysed, modules = (json.loads(line) for line in done.stdout.splitlines())
    own, with_report = (
        [m for m in some if m == "mmbm" or m.startswith("mmbm.")] for some in (analysed, modules)
    )
    assert len(own) <= 60, own
    assert len(with_report) <= 65, with_report
    own = with_report
    rooms = {m.split(".")[1] for m in own if "." in m}
    assert not rooms & {"train", "evaluate", "card", "cli"}
    assert not {"pandas", "sklearn", "streamlit", "plotly", "transformers"} & set(modules)


def test_a_part_is_the_same_however_it_is_given():
    by_path = mmbm.read_case(SAMPLE / "image.dcm", SAMPLE / "notes.txt", str(SAMPLE / "sound.wav"))
    text = (SAMPLE / "notes.txt").read_text(encoding="utf-8")
    names = ("image.dcm", "sound.wav")
    image, audio = ((SAMPLE / name).read_bytes() for name in names)
    by_content = mmbm.read_case(image, text, audio)
    assert np.array_equal(by_path.image.pixels, by_content.image.pixels)
    assert by_path.notes.text == by_content.notes.text
    assert np.array_equal(by_path.audio.waveform, by_content.audio.waveform)


def test_the_parts_are_read_side_by_side(monkeypatch):
    both = threading.Barrier(2, timeout=60)  # broken where one part waits for the other

    def meeting(read):
        def reader(content, name, **how):
            both.wait()
            return read(content, name, **how)

        return reader

    for name in ("read_picture", "read_sound"):
        monkeypatch.setattr(mmbm.io, name, meeting(getattr(mmbm.io, name)))
    case = mmbm.read_case(image=SAMPLE / "image.dcm", audio=SAMPLE / "sound.wav")
    assert case.present == ("image", "audio")


def test_arrays_are_read_as_greys_and_samples():
    greys = np.arange(12_000, dtype=np.uint16).reshape(100, 120)
    tone = np.sin(np.arange(2 * 8_000) * 0.5) * 0.25
    case = mmbm.read_case(image=greys, audio=np.stack([tone, tone], 1), sample_rate=8_000)
    assert case.present == ("image", "audio")
    assert np.array_equal(case.image.pixels, greys.astype(np.float32))
    assert case.image.shown.min() == 0.0 and case.image.shown.max() == 1.0
    assert (case.audio.original_rate, case.audio.channels) == (8_000, 2)
    assert case.audio.seconds == pytest.approx(2.0, abs=1 / SAMPLE_RATE)
    by_part = mmbm.read_case(image=case.image, audio=case.audio)
    assert by_part.image is case.image and by_part.audio is case.audio


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({}, mmbm.NoSignal, "empty"),
        ({"image": "nowhere.dcm"}, mmbm.UnreadableFile, "chest X-ray file could not be opened"),
        ({"image": np.zeros((5, 5, 3))}, mmbm.UnreadableFile, r"\(height, width\)"),
        ({"image": np.full((5, 5), np.nan)}, mmbm.UnreadableFile, "finite"),
        ({"image": np.ones((5, 5))}, mmbm.NoSignal, "one uniform grey"),
        ({"audio": np.zeros(100, dtype=np.int16)}, mmbm.UnreadableFile, "float samples"),
        ({"audio": np.zeros(100), "sample_rate": 0}, mmbm.UnreadableFile, "positive"),
        ({"audio": np.zeros(16_000)}, mmbm.NoSignal, "silen"),
        ({"notes": "  "}, mmbm.NoSignal, "words|empty"),
    ],
)
def test_what_cannot_be_read_is_refused(given, error, says):
    with pytest.raises(error, match=says):
        mmbm.read_case(**given)


def test_a_level_and_a_prevalence_change_the_judgement_alone():
    analysis = mmbm.analyse(sample_cases()["adult-opacity"])
    accounts, maps = analysis.accounts, analysis.maps
    other = analysis.at(0.95, {"pneumonia": 0.01})
    assert other.accounts is accounts and other.maps is maps
    assert (analysis.judgement.level, other.judgement.level) == (0.9, 0.95)
    assert other.prevalences.shift("pneumonia") < 0 == analysis.prevalences.shift("pneumonia")
    assert other.account("pneumonia").logit == analysis.account("pneumonia").logit
    with pytest.raises(mmbm.ConfigError, match=r"0\.5 was not fitted"):
        analysis.at(0.5)
    with pytest.raises(mmbm.ConfigError, match="cannot be used"):
        analysis.at(0.9, {"pneumonia": 1.5})


def test_the_report_says_what_the_analysis_holds():
    analysis = mmbm.analyse(Case(notes=sample_cases()["adult-clear"].notes))
    report = mmbm.case_report(analysis)
    assert report.warnings == list(analysis.warnings)
    assert [f.status for f in report.findings] == list(analysis.standing.values())
    assert report.residual < 1e-5
    assert report.reading is None


def test_what_the_reader_drew_stands_beside_the_report():
    analysis = mmbm.analyse(Case(notes=sample_cases()["adult-clear"].notes))
    marks = (Mark(kind="box", points=((0.1, 0.2), (0.3, 0.4)), text="nodule?"),)
    report = mmbm.case_report(analysis, Reading(marks=marks))
    again = mmbm.CaseReport.model_validate_json(report.model_dump_json())
    assert again.reading is not None and again.reading.marks == marks
    assert again.findings == mmbm.case_report(analysis).findings
