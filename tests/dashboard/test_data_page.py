import json

import pandas as pd
import pytest

from dashboard.figures import data as draw
from dashboard.text import LANGUAGES, texts
from mmbm.data.check.association import FOLLOWS
from mmbm.data.check.check import check
from mmbm.data.check.report import DataReport
from tests.dashboard.test_pages import clean, shown
from tests.made_cases import write_manifest


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """32 cases, where north is ill and south is well."""
    path = write_manifest(tmp_path_factory.mktemp("<b>cases"), 32)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows["source"] = rows["pneumonia"].map({"1": "<b>north", "0": "south"})
    rows.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def report(manifest):
    return check(manifest)


def checked(app, path):
    app.run()
    app.switch_page("screens/data.py").run()
    app.text_input(key="data-path").set_value(str(path))
    return app.button(key="data-check").click().run()


def test_a_manifest_is_checked_and_shown(app, manifest):
    clean(checked(app, manifest))
    assert app.warning[0].value.startswith("Usable, with ") and not app.error
    assert "32 cases of 32 patients" in app.warning[0].value
    screen = shown(app)
    assert "4 labels can be predicted from the source." in screen
    assert "pneumonia: V 1.00" in screen
    assert "&lt;b&gt;north · train" in screen and "<b>north" not in screen
    assert len(app.get("plotly_chart")) == 3
    kept = app.session_state["session"].data_report
    assert kept == check(manifest)


def test_a_label_and_a_figure_can_be_chosen_without_a_new_check(app, manifest, monkeypatch):
    checked(app, manifest)
    monkeypatch.setattr("mmbm.data.check.check.scan_manifest", None)  # would fail
    app.selectbox(key="data-label").set_value("sound:normal").run()
    app.segmented_control(key="data-figure").set_value("seconds").run()
    clean(app)
    chart = json.loads(app.get("plotly_chart")[-1].proto.spec)
    assert chart["layout"]["xaxis"]["title"]["text"] == "Length, seconds"


def test_errors_are_said_first(app, tmp_path):
    path = write_manifest(tmp_path, 8)
    (tmp_path / "film3.png").write_bytes(b"no film")
    clean(checked(app, path))
    assert app.error[0].value.startswith("Not usable: 1 kinds of error")
    assert "1 files could not be read." in shown(app) and "film3.png" in shown(app)


def test_a_path_that_is_no_manifest_is_refused_and_the_last_report_goes(app, manifest, tmp_path):
    checked(app, manifest)
    app.text_input(key="data-path").set_value(str(tmp_path / "none.csv"))
    app.button(key="data-check").click().run()
    assert not app.exception
    assert app.error[0].value == (
        "This manifest cannot be checked: The manifest 'none.csv' could not be read as UTF-8 CSV. "
        "Save it as that."
    )
    assert "Issues" not in shown(app) and app.session_state["session"].data_report is None


def test_the_report_stays_while_another_page_is_read(app, manifest):
    checked(app, manifest)
    app.switch_page("screens/about.py").run()
    app.switch_page("screens/data.py").run()
    assert "labels can be predicted from the source" in shown(clean(app))


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_the_figures_hold_the_reports_numbers(report, language):
    say = texts(language)
    bars = draw.balance(report.balance, "pneumonia", say)
    counts = {tuple(b.y): tuple(b.x) for b in bars.data}
    assert len(counts) == 1 and [sum(b.x) for b in bars.data] == [16, 16, 0]
    strongest = draw.associations(report.associations, say).data[0]
    assert strongest.x[0] == pytest.approx(1.0) and min(strongest.x) < FOLLOWS
    assert "&lt;b&gt;north: 16 / 16" in str(strongest.customdata[0])
    boxes = draw.spreads(report.quality, "shorter_side", say).data[0]
    assert list(boxes.median) == [96, 96] and list(boxes.y) == ["&lt;b&gt;north", "south"]
    assert say("data.cramers_v") == "Cramér's V"


def test_an_empty_manifest_has_a_page(app, tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text("case_id,patient_id,source,split,notes_text\na,p,here,train,cough\n")
    clean(checked(app, path))
    assert "The manifest has no label columns." in shown(app)
    assert isinstance(app.session_state["session"].data_report, DataReport)
