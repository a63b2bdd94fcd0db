"""What a measurement says, in figures and in words; how fast is no test's affair."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from mmbm.cli import app
from mmbm.cost.figures import CostReport
from mmbm.cost.kept import keep, kept
from mmbm.cost.words import told
from mmbm.model import checkpoint


@pytest.fixture(scope="module")
def measured(tiny_model_dir, tmp_path_factory):
    """The report of a tiny model, and the cache that it was kept in."""
    cache = tmp_path_factory.mktemp("cache")
    words = ["benchmark", "--model", str(tiny_model_dir), "--device", "cpu", "--cases", "4"]
    done = CliRunner().invoke(app, [*words, "--json"], env={"XDG_CACHE_HOME": str(cache)})
    assert done.exit_code == 0, done.output
    return CostReport.model_validate_json(done.stdout), cache


def test_every_step_is_told(measured, tiny_model_dir):
    report, _ = measured
    config = checkpoint.read(tiny_model_dir).network.config
    assert set(report.steps) == {"decode", "prepare", *config.modalities, "head", "explain"}
    assert report.cases == 4 and report.parts == config.modalities
    assert all(seconds >= 0 for seconds in report.steps.values())
    assert 0 < report.steps["decode"] < report.seconds_median <= report.seconds_p95
    assert min(report.one_by_one, report.batched) > 0
    assert report.memory_mb > 100 and report.device_memory_mb is None


def test_the_largest_decoder_counts_as_memory():
    pytest.importorskip("resource")
    code = (
        "import resource\n"
        "from mmbm.cost.measure import _memory\n"
        "from mmbm.io import read_notes\n"
        "read_notes(b'Cough.', 'notes.txt')\n"
        "whole = _memory()\n"
        "print(whole - resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 10  # MiB: a process of its own


def test_the_figures_are_kept_by_their_weights(measured, monkeypatch):
    report, cache = measured
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    assert kept(report.model_sha256) == report
    assert kept("0" * 64) is None
    other = report.model_copy(update={"model_sha256": report.model_sha256[:16] + "0" * 48})
    path = keep(other)
    assert kept(report.model_sha256) is None  # of other weights whose names begin alike
    path.write_text("{}")
    assert kept(other.model_sha256) is None
    monkeypatch.setenv("XDG_CACHE_HOME", str(path))  # a file
    assert keep(report) is None


def test_the_words_hold_the_figures(measured):
    report, _ = measured
    said = dict(told(report))
    assert said["One by one"] == f"{report.one_by_one:.1f} cases a second"
    assert report.processor in said["Machine"]
    name = "Energy of a case, one by one"
    spent = report.model_copy(update={"joules": 12.34, "metered": ("cpu", "gpu")})
    assert dict(told(spent))[name].startswith("12.3 J (processor and graphics card")
    silent = report.model_copy(update={"joules": None})
    assert "not assessed" in dict(told(silent))[name]


def test_the_command_prints_a_table(tiny_model_dir, tmp_path):
    words = ["--language", "zh", "benchmark", "--model", str(tiny_model_dir), "--cases", "3"]
    done = CliRunner().invoke(app, words, env={"XDG_CACHE_HOME": str(tmp_path), "COLUMNS": "120"})
    assert done.exit_code == 0, done.output
    assert "每秒" in done.stdout and "仅供研究" in done.stdout
    (made,) = (tmp_path / "mmbm").glob("cost-*.json")
    assert json.loads(made.read_text(encoding="utf-8"))["cases"] == 3
