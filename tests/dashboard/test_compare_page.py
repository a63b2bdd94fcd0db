import json
import re

import pytest

from dashboard.parts.compared import headline
from dashboard.text import LANGUAGES, texts
from mmbm.compare.records import Pair, pairs
from mmbm.record import Identity, Record
from mmbm.record.figures import Figures
from mmbm.record.shelf import shelved, take_from_shelf
from tests.dashboard.test_pages import clean, opened, shown

SAY = texts("en")
TABS = ("summary", "figures", "table", "records")


def figures(auroc, spread=0.02, **counts):
    counts = {"n": 100, "patients": 90, "positives": 40} | counts
    return Figures(auroc=auroc, auroc_ci=(auroc - spread, auroc + spread), **counts)


def record(real_parts, **sections):
    return Record(
        model=Identity(name="m", version="1", sha256="0" * 64),
        mmbm_version="0",
        manifest_sha256="0" * 64,
        overall={"pneumonia": figures(0.9)},
        real_parts=real_parts,
        **sections,
    )


def compared(app, content, tab="summary"):
    """The compare page, given a record's file."""
    opened(app, "compare", tab)
    app.file_uploader(key="compare-file").set_value(("r.json", content, "application/json"))
    return app.run()


def test_the_page_compares_with_an_earlier_record_at_first_sight(app, monkeypatch):
    monkeypatch.setenv("MMBM_MODEL", "default")
    screen = shown(clean(opened(app, "compare", "summary")))
    assert app.header[0].value.replace("\\", "") == (
        "chest-base 2.0.0 (this model) and chest-base 1.4.0"
    )
    assert "The default model before 2.0.0." in screen
    assert "The records use different test cases" in screen
    assert "<b>Pneumonia</b> This model is clearly higher in Kermany (children)." in screen
    assert "Only in this record: Open-I (Indiana), SIIM." in screen
    app.selectbox(key="compare-shipped").set_value("chest-film-1.0.0").run()
    assert "Chest X-rays alone." in shown(clean(app))


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_tab_opens_in_every_language(app, monkeypatch, language):
    monkeypatch.setenv("MMBM_MODEL", "default")
    for tab in TABS:
        assert "<table" in shown(opened(app, "compare", tab, language))


@pytest.mark.parametrize("name", shelved())
def test_an_earlier_record_says_what_it_is_of(name):
    kept = take_from_shelf(name)
    assert f"{kept.model.name}-{kept.model.version}" == name
    for language in LANGUAGES:
        assert texts(language)(f"compare.about.{name}")


def test_a_model_compared_with_itself_differs_by_nothing(app, tiny_model_dir):
    compared(app, (tiny_model_dir / "evaluation.json").read_bytes(), "table")
    cells = re.findall(r"<td>([^<]*)</td></tr>", shown(clean(app)))
    differences = [cell for cell in cells if re.fullmatch(r"[+−]?\d\.\d{3}", cell)]
    assert len(differences) >= 10 and set(differences) == {"0.000"}


def test_the_same_test_cases_are_said_and_others_too(app, tiny_model_dir):
    content = json.loads((tiny_model_dir / "evaluation.json").read_text())
    compared(app, json.dumps(content).encode())
    assert "Both records use the same test cases." in shown(clean(app))
    app.file_uploader(key="compare-file").set_value(
        ("r.json", json.dumps(content | {"test_sha256": "0" * 64}).encode(), "application/json")
    )
    assert "The records use different test cases" in shown(clean(app.run()))


def test_a_file_that_is_no_record_is_refused(app):
    compared(app, b'{"model": "<script>"}')
    assert (
        clean(app).error[0].value.startswith("This cannot be compared: This is not an evaluation")
    )


def test_records_with_no_source_in_common_are_said_to_be_so(app):
    clean(opened(app, "compare", "summary"))
    assert app.warning[0].value.startswith("The two records have no source with the same finding")


@pytest.mark.parametrize(
    ("this", "other", "verdict"),
    [
        (figures(0.9), figures(0.8), "this"),
        (figures(0.8), figures(0.9), "other"),
        (figures(0.9), figures(0.87), "unclear"),
        (figures(0.9), figures(0.8, positives=9), "few"),
        (figures(0.9), Figures(n=100, positives=40, auroc=0.5), "unclear"),
    ],
)
def test_one_is_clearly_higher_where_the_intervals_do_not_touch(this, other, verdict):
    assert Pair("pneumonia", "nih", this, other).verdict == verdict


def test_real_inputs_are_compared_where_both_records_have_them():
    first = record({"nih": {"pneumonia": figures(0.9)}, "siim": {"pneumonia": figures(0.9)}})
    second = record({"nih": {"pneumonia": figures(0.8)}})
    (found,) = pairs(first, second)
    assert (found.source, found.verdict) == ("nih", "this")
    assert found.less == pytest.approx(0.1)
    assert "This model is clearly higher in NIH." in headline([found], SAY)
    older = record({}, by_source={"nih": {"pneumonia": figures(0.8)}})
    assert list(pairs(first, older)) == []
