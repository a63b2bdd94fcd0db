"""Which language the page speaks, and Streamlit's own words in it."""

import pytest
from streamlit.runtime.context import ContextProxy

from dashboard.text import LANGUAGES, TAGS, language_of, texts

RESEARCH = {"en": "Research use, not a medical device", "zh": "仅供研究，不是医疗器械"}


def browser_speaks(monkeypatch, locale):
    monkeypatch.setattr(ContextProxy, "locale", property(lambda _: locale))


def spoken(app):
    return [name for name in LANGUAGES if any(RESEARCH[name] in e.value for e in app.get("html"))]


def in_the_address(app):
    kept = app.query_params["language"]
    return kept[0] if isinstance(kept, list) else kept


@pytest.mark.parametrize(
    "locale, language",
    [("zh", "zh"), ("zh-CN", "zh"), ("zh-Hant-TW", "zh"), ("ZH-hk", "zh"), ("en-GB", "en"),
     ("de", "en"), ("zha", "en"), ("", "en"), (None, "en")],
)  # fmt: skip
def test_any_chinese_is_chinese_and_all_else_english(locale, language):
    assert language_of(locale) == language


@pytest.mark.parametrize("locale, language", [("zh-CN", "zh"), ("fr-FR", "en"), (None, "en")])
def test_the_browsers_language_is_the_first(app, monkeypatch, locale, language):
    browser_speaks(monkeypatch, locale)
    app.run()
    assert spoken(app) == [language]
    assert "language" not in app.query_params


def test_a_choice_wins_and_stays_in_the_address(app, monkeypatch):
    browser_speaks(monkeypatch, "zh-CN")
    app.run()
    app.segmented_control(key="language").set_value("en").run()
    assert spoken(app) == ["en"]
    assert in_the_address(app) == "en"
    app.switch_page("screens/about.py").run()
    assert spoken(app) == ["en"]


def test_the_address_wins_over_the_browser(app, monkeypatch):
    browser_speaks(monkeypatch, "en-US")
    app.query_params["language"] = "zh"
    app.run()
    assert spoken(app) == ["zh"]
    assert in_the_address(app) == "zh"


def test_what_is_no_language_in_the_address_is_ignored(app):
    app.query_params["language"] = "<b>"
    app.run()
    assert spoken(app) == ["en"]


def test_names_are_listed_as_the_language_does():
    assert texts("zh").listed(["胸片", "肺音"]) == "胸片、肺音"
    assert texts("en").listed(["a", "b", "c"]) == "a, b, c"


def test_every_language_has_the_name_that_html_gives_it():
    assert list(TAGS) == list(LANGUAGES)
