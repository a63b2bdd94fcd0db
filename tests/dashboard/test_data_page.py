import re

import pandas as pd
import pytest

from dashboard.figures import data as draw
from dashboard.text import LANGUAGES, texts
from mmbm.data.check.association import FOLLOWS
from mmbm.data.check.check import check
from mmbm.data.check.report import DataReport
from tests.dashboard.test_pages import clean, opened, shown
from tests.made_cases import write_manifest

pytestmark = pytest.mark.slow


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


def checked(app, path, tab="summary"):
    opened(app, "data", tab)
    app.text_input(key="data-path").set_value(str(path))
    return app.button(key="data-check").click().run()


def test_the_example_is_checked_at_first_sight(app):
    screen = shown(clean(opened(app, "data", "summary")))
    assert "This is the example that comes with the program: 28 made-up cases" in screen
    assert "Not usable. Kinds of error: 3; of warning: 7. Cases: 28, of patients: 27." in screen
    assert "patient-13" in screen and "film-17.jpg = film-18.jpg" in screen


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_tab_opens_in_every_language(app, language):
    for tab in ("summary", "balance", "associations", "quality", "inputs"):
        assert "<table" in shown(opened(app, "data", tab, language)), tab


def test_a_manifest_is_checked_and_shown(app, manifest):
    screen = shown(clean(checked(app, manifest)))
    assert "Usable. Kinds of warning: " in screen and "Cases: 32, of patients: 32" in screen
    assert "The check of manifest.csv." in screen
    assert "Labels that can be predicted from the source: 4." in screen
    assert "pneumonia: V 1.00" in screen
    kept = app.session_state["session"].data_report
    assert kept == check(manifest)


def test_names_from_the_manifest_are_shown_word_for_word(app, manifest):
    screen = shown(clean(checked(app, manifest, "balance")))
    assert "&lt;b&gt;north · train" in screen and "<b>north" not in screen


def test_a_label_can_be_chosen_without_a_new_check(app, manifest, monkeypatch):
    checked(app, manifest, "balance")
    monkeypatch.setattr("mmbm.data.check.check.scan_manifest", None)  # would fail
    app.selectbox(key="data-label").set_value("sound:normal").run()
    assert app.selectbox(key="data-label").value == "sound:normal"
    clean(app)


def test_a_figure_of_the_files_can_be_chosen(app, manifest):
    checked(app, manifest, "quality")
    app.segmented_control(key="data-figure").set_value("seconds").run()
    assert '<th scope="row">south</th><td>2</td><td>2</td><td>2</td>' in shown(clean(app))


def test_the_example_can_be_checked_again(app, manifest):
    checked(app, manifest)
    app.button(key="data-example").click().run()
    assert "28 made-up cases" in shown(clean(app))


def test_errors_are_said_first(app, tmp_path):
    path = write_manifest(tmp_path, 8)
    (tmp_path / "film3.png").write_bytes(b"no film")
    screen = shown(clean(checked(app, path)))
    assert '<span class="verdict fail">Not usable. Kinds of error: 1;' in screen
    assert "Files that could not be read: 1." in screen and "film3.png" in screen


def test_a_path_that_is_no_manifest_is_refused_and_the_last_report_goes(app, manifest, tmp_path):
    checked(app, manifest)
    app.text_input(key="data-path").set_value(str(tmp_path / "none.csv"))
    app.button(key="data-check").click().run()
    assert not app.exception
    assert app.error[0].value == (
        "This manifest cannot be checked: The manifest 'none.csv' does not exist. Check its path."
    )
    assert "Issues" not in shown(app) and app.session_state["session"].data_report is None


def test_the_report_stays_while_another_page_is_read(app, manifest):
    checked(app, manifest)
    app.switch_page("screens/about.py").run()
    app.switch_page("screens/data.py").run()
    assert "Labels that can be predicted from the source" in shown(clean(app))


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_the_figures_hold_the_reports_numbers(report, language):
    say = texts(language)
    bars = draw.balance(report.balance, "pneumonia", say)
    counts = [int(number) for number in re.findall(r"<td>(\d+)</td>", bars)]
    assert [sum(counts[side::3]) for side in range(3)] == [16, 16, 0]
    assert 'class="positive" style="width:100.0%"' in bars
    strongest = re.search(r"<tbody><tr>.*?</tr>", draw.associations(report.associations, say))[0]
    assert "<td>1.00</td>" in strongest and "&lt;b&gt;north: 16 / 16" in strongest
    assert f"left:{100 * FOLLOWS:.0f}%" in strongest and "share much" in strongest
    boxes = draw.spreads(report.quality, "shorter_side", say)
    assert boxes.count("<td>96</td>") == 10 and '<th scope="row">&lt;b&gt;north</th>' in boxes
    assert say("data.cramers_v") == "Cramér's V"


def test_an_empty_manifest_has_a_page(app, tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text("case_id,patient_id,source,split,notes_text\na,p,here,train,cough\n")
    clean(checked(app, path, "balance"))
    assert "The manifest has no label columns." in shown(app)
    assert isinstance(app.session_state["session"].data_report, DataReport)
