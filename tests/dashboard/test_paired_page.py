import pytest

from dashboard.figures import forest, paired
from dashboard.figures.numbers import numbers
from dashboard.parts.paired import example
from dashboard.text import LANGUAGES, texts
from mmbm.compare.example import simulated
from mmbm.compare.scores import parse_scores
from mmbm.compare.study import compare_scores
from tests.dashboard.test_pages import clean, shown

KIND = "compare-kind"


def opened(app, tab="summary", language="en"):
    """The page of score files, with one of its tabs open."""
    app.query_params["language"] = language
    app.session_state[KIND] = "scores"
    app.session_state[f"paired-tab-{language}"] = texts(language)(f"paired.tab.{tab}")
    app.run()
    app.switch_page("screens/compare.py").run()
    assert not app.exception
    return app


def files(**tables):
    return [(f"{n}.csv", t.to_csv(index=False).encode(), "text/csv") for n, t in tables.items()]


@pytest.fixture(scope="module")
def tables():
    first, second = simulated(1, cases=80).values()
    return {"ours": first, "b<b>": second}


@pytest.fixture(scope="module")
def report(tables):
    return compare_scores(
        [parse_scores(name, content) for name, content, _ in files(**tables)], draws=100
    )


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_the_example_stands_there_at_first(app, language):
    app = opened(app, language=language)
    assert not app.error
    screen = shown(app)
    assert texts(language)("paired.is_example") in screen
    assert "model-B − model-A" in screen and "400" in screen
    assert texts(language)("paired.holm") in screen
    assert len(opened(app, "curves", language).get("plotly_chart")) == 2


def test_ones_own_files_are_compared(app, tables):
    opened(app)
    app.file_uploader(key="paired-files").set_value(files(**tables))
    app.number_input(key="paired-point").set_value(0.3)
    screen = shown(clean(app.button(key="paired-run").click().run()))
    assert "made-up models" not in screen
    assert "b&lt;b&gt; − ours" in screen and "b<b>" not in screen
    assert "<td>0.30</td>" in screen


def test_labels_may_come_in_a_manifest(app, tables):
    opened(app)
    scores = {n: t[["case_id", "pneumonia.probability"]] for n, t in tables.items()}
    app.file_uploader(key="paired-files").set_value(files(**scores))
    refused = app.button(key="paired-run").click().run()
    assert "no case has a label of" in refused.error[0].value
    known = tables["ours"][["case_id", "pneumonia", "patient_id"]]
    app.file_uploader(key="paired-labels").set_value(files(manifest=known)[0])
    screen = shown(clean(app.button(key="paired-run").click().run()))
    assert not app.error and "<td>80</td>" in screen


def test_one_file_is_refused_in_a_sentence(app, tables):
    opened(app)
    app.file_uploader(key="paired-files").set_value(files(ours=tables["ours"]))
    app.button(key="paired-run").click().run()
    assert "Give at least two files" in app.error[0].value


def test_the_figures_are_the_reports(report):
    say, found = texts("en"), report.findings[0]
    drawn = forest.paired(found, say)
    assert forest.gain(found.differences[0].difference, found.differences[0].ci) in drawn
    assert drawn.count("<tr>") == 1 + 3
    names = [trace.name for trace in paired.roc(found, say).data]
    assert sorted(names) == ["b&lt;b&gt;", "chance", "ours"] or "ours" in names
    curves = paired.decision(found, say)
    own = next(t for t in curves.data if t.name == "ours")
    assert list(own.y) == list(found.decision.models["ours"])
    everybody = next(t for t in curves.data if t.name == "Treat all")
    assert list(everybody.y) == list(found.decision.treat_all)
    assert numbers(curves)[0][1:] == ["Threshold probability", "Net benefit per case"]


def test_one_file_of_the_example_does_not_make_it_the_example(app, tables):
    first = example()[0]
    opened(app)
    mine = simulated(7)["model-B"].iloc[::-1]
    app.file_uploader(key="paired-files").set_value([(*first, "text/csv"), *files(mine=mine)])
    assert "made-up models" not in shown(clean(app.button(key="paired-run").click().run()))
