import pytest

from dashboard.text import LANGUAGES
from tests.dashboard.test_pages import clean, opened, shown

TABS = ("use", "read", "validated", "privacy")


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_tab_opens_in_every_language(app, language):
    for tab in TABS:
        assert "<li>" in shown(opened(app, "about", tab, language)), tab


def test_the_first_tab_says_what_it_is_not(app):
    app.run()
    screen = shown(clean(app.switch_page("screens/about.py").run()))
    assert "Not a medical device: no authority has assessed it." in screen


def test_how_to_read_the_page_names_its_parts_in_their_order(app):
    screen = shown(clean(opened(app, "about", "read")))
    parts = ("Chest X-ray", "Warnings", "Findings", "Account", "Tabs: the evidence")
    places = [screen.index(f"<h3>{part}</h3>") for part in parts]
    assert places == sorted(places)
    assert all(f"<b>{tab}</b>" in screen for tab in ("Notes", "Look closer", "What if"))


def test_what_was_validated_is_the_models_own(app, monkeypatch):
    monkeypatch.setenv("MMBM_MODEL", "default")
    screen = shown(clean(opened(app, "about", "validated")))
    assert "Validated within its training sources" in screen
    assert "Lung sounds of adults, except those of a manikin" in screen
    assert "Known failures of this model" in screen


def test_no_model_is_one_sentence(app, monkeypatch, tmp_path):
    opened(app, "about", "use")
    monkeypatch.setenv("MMBM_MODEL", str(tmp_path / "none"))
    app.session_state["about-tab-en"] = "What was validated"
    app.run()
    assert not app.exception
    assert app.error[0].value.startswith("No model could be loaded: No model '")
