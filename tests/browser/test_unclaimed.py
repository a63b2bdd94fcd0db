"""A file whose uploader cannot hand it in is taken all the same."""

import pytest
from playwright.sync_api import expect

from mmbm.storage import assets_folder
from tests.browser.test_nothing_lost import server_of
from tests.browser.test_review import FRAME, PATIENCE, page, server  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The dashboard's server, with uploaders that hand nothing in."""
    return server_of(
        tmp_path_factory.mktemp("app"),
        f"""\
        import runpy

        from dashboard import state

        state.take_files = lambda at: None
        runpy.run_path({str(FRAME)!r}, run_name="__main__")
        """,
    )


def test_it_is_taken_and_no_other_widget_changes(page, server):  # noqa: F811
    expect.set_options(timeout=PATIENCE)
    page.goto(server[0])
    place = page.locator(".st-key-place-notes")
    place.get_by_role("tab", name="Type").first.click()
    box = place.locator("textarea").first
    box.fill("Fever and cough.")
    box.press("Control+Enter")
    expect(page.locator(".st-key-read-notes .facts")).to_contain_text("typed · 16 characters")
    for part, name in (("image", "image.dcm"), ("audio", "sound.wav")):
        file = assets_folder() / "samples" / "adult-clear" / name
        page.locator(f".st-key-place-{part} input[type=file]").first.set_input_files(file)
    expect(page.locator(".st-key-read-image .facts")).to_contain_text("image.dcm")
    expect(page.locator(".st-key-read-audio .facts")).to_contain_text("sound.wav")
    expect(page.locator(".st-key-read-notes .facts")).to_contain_text("typed · 16 characters")
    expect.set_options(timeout=5_000)
