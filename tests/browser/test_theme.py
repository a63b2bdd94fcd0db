"""Dark where the reader chose nothing; a choice holds on every page and outlives a reload."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_review import PATIENCE, app, page, server, settled  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BACKGROUND = {"dark": "rgb(18, 23, 27)", "light": "rgb(255, 255, 255)"}  # of config.toml


def shows(page, theme):  # noqa: F811
    expect(page.get_by_test_id("stApp")).to_have_css(
        "background-color", BACKGROUND[theme], timeout=PATIENCE
    )


@pytest.mark.parametrize("preferred", ["light", "dark"])
def test_a_reader_who_chose_nothing_gets_the_dark_theme(page, server, preferred):  # noqa: F811
    page.emulate_media(color_scheme=preferred)
    page.goto(f"{server[0]}/about")
    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert colour == BACKGROUND["dark"]  # before Streamlit has drawn
    shows(page, "dark")


def test_a_theme_holds_on_every_page_and_outlives_a_reload(page, server):  # noqa: F811
    page.goto(f"{server[0]}/about")
    settled(page)
    page.evaluate("window.unbroken = true")
    page.get_by_role("button", name="Light theme").click()
    shows(page, "light")
    assert page.evaluate("window.unbroken"), "the page was loaded anew"
    page.reload()
    shows(page, "light")
    page.goto(f"{server[0]}/data")
    shows(page, "light")
    page.get_by_role("button", name="Dark theme").press("Enter")
    shows(page, "dark")
    page.goto(f"{server[0]}/about")
    shows(page, "dark")
