import io
import re
import zipfile

import pytest

from dashboard.figures import cohort as draw
from dashboard.figures.forest import probability
from dashboard.parts.cohort import between
from dashboard.text import LANGUAGES, texts
from mmbm.cohort.example import simulated
from mmbm.cohort.files import archive
from mmbm.cohort.study import study
from mmbm.store.store import Store
from tests.dashboard.test_pages import clean, opened, shown

TABS = ("summary", "distribution", "survival")


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """A trial whose treatment is called by a name that HTML would take for its own."""
    path = tmp_path_factory.mktemp("cohort") / "mine.csv"
    simulated(3, patients=12).replace({"treatment": "<b>new</b>"}).to_csv(path)
    return path


def run(app, path, tab="summary", **options):
    opened(app, "cohorts", tab)
    app.text_input(key="cohort-path").set_value(str(path))
    for key, value in options.items():
        (app.number_input if key == "wanted" else app.text_input)(key=f"cohort-{key}").set_value(
            value
        )
    return app.button(key="cohort-run").click().run()


def test_the_example_stands_there_at_first(app):
    screen = shown(clean(opened(app, "cohorts", "summary")))
    assert "made-up trial, 360 scores of 120 patients" in screen
    assert "Exploratory endpoint" in screen and "2 comparisons were made" in screen
    assert "−0.68 (−1.01 to −0.36)" in screen and "&lt; 0.001" in screen


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_tab_opens_in_every_language(app, language):
    for tab in TABS:
        assert "<table" in shown(opened(app, "cohorts", tab, language)), tab


def test_ones_own_scores_are_compared(app, scores):
    screen = shown(clean(run(app, scores, endpoint="pneumonia", wanted=0.8)))
    found = study(scores, "pneumonia", wanted=0.8)
    assert "mine.csv. Rows: 72, patients: 24." in screen
    assert "&lt;b&gt;new&lt;/b&gt; − control" in screen and "<b>new" not in screen
    assert f"{found.sample_size.each_arm} patients in each arm" in screen
    assert between(found.differences[0].difference, found.differences[0].ci, texts("en")) in screen


@pytest.mark.parametrize("path", ["absent.csv", "~nobody-is-called-so/absent.csv"])
def test_a_table_that_cannot_be_is_refused_in_a_sentence(app, path):
    app = run(app, path)
    assert not app.exception
    said = [re.sub(r"[\\\\]", "", e.value) for e in app.error]
    assert len(said) == 1 and "cannot be compared" in said[0] and "no file “absent.csv”" in said[0]


def headings(app):
    return [each.value.replace("\\", "") for each in app.subheader]


def test_the_baseline_is_named_and_can_be_chosen(app, tmp_path):
    rows = simulated(3, patients=8, visits=("_week 0_", "_week 4_", "_week 12_"))
    rows.sample(frac=1, random_state=3).to_csv(tmp_path / "t.csv")
    run(app, tmp_path / "t.csv")
    assert headings(app) == ["Difference between arms in the change from visit _week 0_"]
    run(app, tmp_path / "t.csv", baseline="_week 4_")
    assert headings(app) == ["Difference between arms in the change from visit _week 4_"]
    opened(app, "cohorts", "distribution")
    assert headings(app)[1] == "Change from visit _week 4_"
    opened(app, "cohorts", "survival")
    assert headings(app)[1] == "Survival by score at visit _week 4_"


def test_equal_scores_are_said_to_be_equal_and_no_number_is_minus_nothing(app, tmp_path):
    rows = simulated(3, patients=4).assign(**{"pneumonia.logit": 1.0})
    rows.loc[0, "pneumonia.logit"] = None
    rows.to_csv(tmp_path / "t.csv")
    screen = shown(clean(run(app, tmp_path / "t.csv", wanted=0.5)))
    assert "all values of an arm are equal" in screen and "one arm" not in screen
    assert "patients without a score at visit 0, in changes: 1" in screen
    assert "No sample size can be told" in screen
    assert between(None, (-0.001, 0.001), texts("en")) == "0.00 to 0.00"


def test_without_times_and_arms_it_says_so(app, tmp_path):
    rows = simulated(3, patients=5, visits=("0",)).drop(columns=["arm", "time"])
    rows.to_csv(tmp_path / "t.csv")
    assert "one arm" in shown(clean(run(app, tmp_path / "t.csv")))
    assert "no columns time and event" in shown(opened(app, "cohorts", "survival"))
    assert "There is one visit" in shown(opened(app, "cohorts", "distribution"))


def test_the_figures_are_the_reports(scores):
    report, say = study(scores, "pneumonia"), texts("en")
    traces = draw.boxes(report, say).data
    assert [t.name for t in traces] == ["control", "&lt;b&gt;new&lt;/b&gt;"]
    assert list(traces[0].y) == [g.mean for g in report.groups if g.arm == "control"]
    by_score = report.survival[1]
    curves = draw.curves(by_score, say).data
    assert [t.name for t in curves] == ["Up to the median", "Above the median"]
    assert list(curves[0].y) == [1.0, *by_score.curves[0].survival]
    assert probability(0.0004) == "< 0.001" and probability(0.04) == "0.040"


def test_the_download_holds_the_tables(scores):
    with zipfile.ZipFile(io.BytesIO(archive(study(scores), "zh"))) as whole:
        assert {"difference.csv", "report.json", "change.svg"} <= set(whole.namelist())


def test_the_scores_may_be_those_of_the_store(app, tmp_path, monkeypatch):
    assert not opened(app, "cohorts", "summary").checkbox
    monkeypatch.setenv("MMBM_STORE", str(tmp_path / "store"))
    kept = [
        {"case_id": f"c{k}", "patient_id": f"p{k}", "taken": "", "model_sha256": "m"}
        | {"pneumonia.logit": float(k)}
        for k in range(8)
    ]
    monkeypatch.setattr(Store, "scored", lambda _: kept)
    arms = "".join(f"p{k},{'ab'[k % 2]}\n" for k in range(8))
    (tmp_path / "arms.csv").write_text(f"patient_id,arm\n{arms}gone,a\n", encoding="utf-8")
    opened(app, "cohorts", "summary")
    app.checkbox(key="cohort-stored").check()
    app.text_input(key="cohort-path").set_value(str(tmp_path / "arms.csv"))
    screen = shown(clean(app.button(key="cohort-run").click().run()))
    assert not app.error
    assert "b − a" in screen and "+1.00" in screen
    assert "rows that name no scored case of the store: 1" in screen
