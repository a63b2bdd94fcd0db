"""A map and a flip search in a real browser: shown as they run, stopped, nothing lost."""

import os
import textwrap
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError, expect

from mmbm.storage import assets_folder
from tests.browser.test_review import (  # noqa: F401
    FRAME,
    PATIENCE,
    SAMPLE,
    give,
    of_finding,
    open_tab,
    page,
    server,
    settled,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def shipped():
    """The default model: the small random one's search is done before it can be seen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MMBM_MODEL", os.environ.get("MMBM_MODEL", "default"))
        expect.set_options(timeout=PATIENCE)
        yield
        expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The dashboard, with Integrated Gradients that never come near enough to end by themselves."""
    script = tmp_path_factory.mktemp("app") / "endless.py"
    script.write_text(
        textwrap.dedent(f"""\
            import runpy

            from mmbm.explain.attribution import methods

            methods.STEPS, methods.TOLERANCE = (16,) * 10_000, -1.0
            runpy.run_path({str(FRAME)!r}, run_name="__main__")
            """)
    )
    return script


def picture_of(page, folder, name):  # noqa: F811
    """A screenshot, kept where ``MMBM_SCREENSHOT`` says."""
    kept = os.environ.get("MMBM_SCREENSHOT")
    page.screenshot(path=(Path(kept).parent if kept else folder) / f"{name}.png", full_page=True)


def choose(panel, method):
    """Pick a method; a list opened while the panel moves closes again, and is opened once more."""
    settled(panel.page)
    option = panel.page.get_by_role("option", name=method, exact=True)
    for last in (*[False] * 9, True):
        panel.page.wait_for_timeout(2_000)
        panel.get_by_role("combobox", name="Method", exact=True).click()
        try:
            option.click(timeout=4_000)
            break
        except TimeoutError:
            if last:
                raise
            panel.page.keyboard.press("Escape")
    settled(panel.page)


def test_a_map_is_stopped_and_nothing_is_lost(page, server, tmp_path):  # noqa: F811
    page.goto(server[0])
    give(page, "image", assets_folder() / "samples" / SAMPLE / "image.dcm")
    expect(page.locator(".finding").first).to_be_visible()
    settled(page)
    open_tab(page, "Look closer")
    panel = page.locator(".st-key-results")
    choose(panel, "Integrated Gradients")
    panel.get_by_role("button", name="Run", exact=True).click()
    stop = panel.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_visible()
    expect(panel.get_by_text("Integrated Gradients · Pneumonia is running")).to_be_visible()

    picture_of(page, tmp_path, "running")

    # meanwhile the page answers
    open_tab(page, "What if")
    panel.get_by_role("tab", name="Chest X-ray", exact=True).click()
    panel.get_by_text("Erase", exact=True).click()
    expect(panel.get_by_text("Region erased: 50 to 80 %")).to_be_visible()

    open_tab(page, "Look closer")
    stop.click()
    expect(panel.get_by_text("Integrated Gradients · Pneumonia: stopped")).to_be_visible()
    expect(stop).to_have_count(0)
    expect(page.locator(".finding").first).to_be_visible()
    picture_of(page, tmp_path, "stopped")
    choose(panel, "DeepLIFT")
    panel.get_by_role("button", name="Run", exact=True).click()
    expect(panel.get_by_text("Method: DeepLIFT")).to_be_visible()
    open_tab(page, "What if")
    expect(panel.get_by_text("Region erased: 50 to 80 %")).to_be_visible()
    assert page.locator('[data-testid="stException"]').count() == 0


def test_a_search_is_stopped_or_finds(page, server, tmp_path):  # noqa: F811
    page.goto(server[0])
    give(page, "image", assets_folder() / "samples" / SAMPLE / "image.dcm")
    expect(page.locator(".finding").first).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Explain: If pneumonia: viral").click()
    expect(page.get_by_role("heading", name=of_finding("If pneumonia: viral"))).to_be_visible()
    settled(page)
    open_tab(page, "What if")
    panel = page.locator(".st-key-results")
    settled(page)
    panel.get_by_role("button", name="Regions", exact=True).click()
    ended = panel.get_by_text("Without these").or_(panel.get_by_text("with half removed"))
    stop = panel.get_by_role("button", name="Stop", exact=True)
    expect(stop.or_(ended).first).to_be_visible()
    picture_of(page, tmp_path, "searching")
    expect(ended).to_be_visible(timeout=PATIENCE)
    expect(stop).to_have_count(0)
    assert page.locator('[data-testid="stException"]').count() == 0
