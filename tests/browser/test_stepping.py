"""A file of twenty frames: stepped through in the viewer, scored only where that is asked for."""

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.test_review import PATIENCE, app, give, page, server, settled  # noqa: F401
from tests.browser.viewer_page import greys_of
from tests.made_files import dicom, ramp

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def cine(tmp_path):
    """Twenty frames of 12 bits, each with a bright square of its own."""
    frames = np.stack([ramp() // 4 for _ in range(20)])
    for number, frame in enumerate(frames):
        frame[100:140, 12 * number : 12 * number + 12] = 4095
    path = tmp_path / "cine.dcm"
    path.write_bytes(dicom(frames))
    return path


def test_frames_are_stepped_without_the_model_until_it_is_asked_for(page, server, cine):  # noqa: F811
    page.goto(server[0])
    give(page, "image", cine)
    settled(page)
    film = page.locator(".st-key-film")
    answers = page.locator(".st-key-results").inner_text()
    expect(film.locator(".frame")).to_have_text("Frame 1 / 20")
    notice, canvas = page.locator(".st-key-other-frame"), film.locator("canvas")
    page.keyboard.press("2")  # the full range
    page.keyboard.press("i")
    canvas.focus()
    for key in ("ArrowDown", "ArrowRight", "PageDown", "PageDown"):
        canvas.press(key)
    expect(notice).to_contain_text("answers are of frame 1; shown: frame 5", timeout=PATIENCE)
    expect(film.locator(".frame")).to_have_text("Frame 5 / 20")
    expect(film.locator('[data-act="invert"]')).to_have_attribute("aria-pressed", "true")
    assert page.locator(".st-key-results").inner_text() == answers
    assert "frame 1 of 20" in page.locator(".st-key-place-image").inner_text()
    assert square_of(canvas) == pytest.approx(4.5 * 12, abs=2)
    canvas.press("PageUp")
    expect(notice).to_contain_text("shown: frame 4", timeout=PATIENCE)
    notice.get_by_role("button").click()
    expect(notice).to_have_count(0, timeout=PATIENCE)
    expect(page.locator(".st-key-place-image .facts")).to_contain_text("frame 4 of 20")
    settled(page)
    expect(film.locator(".frame")).to_have_text("Frame 4 / 20")
    canvas.focus()
    for _ in range(3):
        canvas.press("ArrowUp")
    expect(notice).to_contain_text("answers are of frame 4; shown: frame 1", timeout=PATIENCE)
    with pytest.raises(AssertionError):
        assert square_of(canvas) == pytest.approx(4.5 * 12, abs=2)
    canvas.press("ArrowUp")  # there is none before it
    expect(film.locator(".frame")).to_have_text("Frame 1 / 20")


def square_of(canvas):
    """The column of the film, 256 wide, in the middle of the black square of an inverted frame."""
    drawn = greys_of(canvas)
    height, width = drawn.shape
    zoom = min(width / 256, height / 240)
    film = slice(int(width / 2 - 126 * zoom), int(width / 2 + 126 * zoom))
    found = np.flatnonzero(drawn[height // 2, film] <= 5)
    return 2 + np.median(found) / zoom
