import pytest

from dashboard.text import LANGUAGES, texts
from mmbm.cost.figures import CostReport
from mmbm.cost.kept import keep
from mmbm.predict import Predictor
from tests.dashboard.test_pages import clean, opened, shown


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_the_cost_is_what_the_command_measured(
    app, tiny_model_dir, tmp_path, monkeypatch, language
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    say = texts(language)
    assert say("cost.none") in shown(opened(app, "model", "cost", language))
    report = CostReport(
        notice="", model="tiny 1", mmbm_version="0", torch_version="2", day="2026-03-31",
        model_sha256=Predictor.load(tiny_model_dir, "cpu").identity.sha256,
        processor="<b>Xeon</b>", cores=2, threads=1, device="cpu", load=0.5, cases=30,
        parts=("image",), one_by_one=5.0, seconds_median=0.25, seconds_p95=0.5, batched=20.0,
        steps={"decode": 0.0123, "image": 0.1}, memory_mb=1700.0, device_memory_mb=None,
        joules=None, joules_batched=None, metered=(),
    )  # fmt: skip
    keep(report)
    screen = shown(opened(app, "model", "cost", language))
    assert "0.25" in screen and "18,000" in screen and "12.3" in screen
    assert say("cost.no_energy") in screen and "<b>Xeon" not in screen
    keep(report.model_copy(update={"joules": 7.5, "metered": ("cpu",)}))
    screen = shown(opened(app, "model", "cost", language))
    assert say("cost.energy", joules="7.5") in screen
    if language == "en":
        clean(app)
