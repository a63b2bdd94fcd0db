"""What the reader draws on the film: by mouse, by keys alone, and on its way to the download."""

import pytest
from playwright.sync_api import expect

from tests.browser.exports import result
from tests.browser.test_review import app, give, page, server, settled  # noqa: F401
from tests.browser.test_viewing import CASE, bare, drag, phantom, texts_drawn  # noqa: F401
from tests.browser.viewer_page import mount, open_viewer, payload

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def held(page, name="review"):  # noqa: F811
    """The marks as the browser holds them."""
    return page.evaluate("name => globalThis.mmbmDrawn.get(name)?.marks ?? []", name)


def near(mark, *points):
    expected = [pytest.approx(point, abs=0.004) for point in points]
    return mark["points"] == expected


@pytest.fixture
def film(bare):  # noqa: F811
    """A film of 700 x 600 on a stage of that size."""
    open_viewer(bare, 700, 600)
    mount(bare, payload(phantom(spacing_mm=(0.2, 0.2))))
    return bare


def test_a_box_an_arrow_and_a_text_are_drawn_moved_written_on_and_deleted(film):
    film.keyboard.press("b")
    drag(film, (140, 240), (280, 360))
    film.keyboard.press("d")
    drag(film, (420, 480), (350, 420))
    film.locator('[data-act="text"]').click()
    film.mouse.click(490, 180)
    film.keyboard.type("rib r?")  # no key of the viewer
    film.keyboard.press("Enter")
    box, arrow, text = held(film)
    assert [m["kind"] for m in (box, arrow, text)] == ["box", "arrow", "text"]
    assert near(box, (0.2, 0.4), (0.4, 0.6)) and near(arrow, (0.6, 0.8), (0.5, 0.7))
    assert near(text, (0.7, 0.3)) and text["text"] == "rib r?"
    assert "rib r?" in [words for words, *_ in texts_drawn(film)]

    film.keyboard.press("Escape")
    film.keyboard.press("Escape")
    drag(film, (210, 240), (280, 300))  # by its upper edge
    assert near(held(film)[0], (0.3, 0.5), (0.5, 0.7))
    drag(film, (350, 420), (420, 300))  # by its corner, which the arrow's head is under
    assert near(held(film)[1], (0.6, 0.8), (0.6, 0.5))
    film.mouse.dblclick(280, 300)
    expect(film.locator(".words")).to_be_focused()
    film.keyboard.type("opacity")
    film.mouse.click(60, 500)  # elsewhere: the words are kept
    assert held(film)[1 - 1]["text"] == "opacity"

    film.mouse.click(420, 400)
    film.keyboard.press("Delete")
    assert [m["kind"] for m in held(film)] == ["box", "text"]
    film.locator('[data-act="erase"]').click()
    assert [m["kind"] for m in held(film)] == ["box"]


def test_marks_lie_on_the_film_through_every_turn(film):
    film.keyboard.press("t")
    film.mouse.click(490, 180)
    film.keyboard.type("here")
    film.keyboard.press("Enter")
    for key in "rh+":
        film.locator("canvas").press(key)
    found = film.evaluate(
        """() => { const [mark] = globalThis.mmbmDrawn.get("review").marks; return mark.points; }"""
    )
    assert found == [pytest.approx((0.7, 0.3), abs=0.004)]
    ((x, y),) = [(x, y) for words, x, y in texts_drawn(film) if words == "here"]
    # turned right, mirrored, and larger by a quarter, about the middle of the stage
    assert (x, y) == pytest.approx((350 - 1.25 * 0.2 * 600, 300 + 1.25 * 0.2 * 700), abs=8)


def test_marks_without_a_mouse(film):
    canvas = film.locator("canvas")
    canvas.focus()
    film.keyboard.press("m")
    film.keyboard.press("Enter")  # in the middle
    for _ in range(20):
        film.keyboard.press("ArrowRight")
    film.keyboard.press("Shift+ArrowRight")
    film.keyboard.press("Enter")
    (length,) = held(film)
    assert near(length, (0.5, 0.5), (0.5 + 201 / 700, 0.5))
    assert "40.2 mm" in [words for words, *_ in texts_drawn(film)]
    assert "40.2 mm" in film.locator(".told").inner_text()

    film.keyboard.press("Escape")
    film.keyboard.press("a")
    film.keyboard.press("Enter")
    for key in ("ArrowLeft", "ArrowUp"):
        for _ in range(10):
            film.keyboard.press(key)
        film.keyboard.press("Enter")
    angle = held(film)[1]
    assert near(angle, (0.5, 0.5), (0.5 - 100 / 700, 0.5), (0.5 - 100 / 700, 0.5 - 100 / 600))
    assert "90.0°" in [words for words, *_ in texts_drawn(film)]

    film.keyboard.press(",")  # the one before
    film.keyboard.press("Enter")
    film.keyboard.type("heart")
    film.keyboard.press("Enter")
    film.keyboard.press("ArrowDown")
    film.keyboard.press("Shift+ArrowUp")
    assert near(held(film)[0], (0.5, 0.5 + 5 / 600), (0.5 + 201 / 700, 0.5))
    assert held(film)[0]["text"] == "heart"
    film.keyboard.press("Delete")
    assert [m["kind"] for m in held(film)] == ["angle"]
    film.keyboard.press("t")
    film.keyboard.press("Enter")
    film.keyboard.press("Escape")  # nothing was written: no mark
    assert [m["kind"] for m in held(film)] == ["angle"]


def test_marks_outlive_language_theme_and_page_and_are_downloaded(page, server):  # noqa: F811
    page.goto(server[0])
    give(page, "image", CASE / "image.dcm")
    settled(page)
    received = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on(
        "Network.webSocketFrameReceived",
        lambda event: received.append(len(event["response"]["payloadData"])),
    )
    box = page.locator(".st-key-film canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.keyboard.press("b")
    drag(page, (x, y), (x + 90, y + 60))
    page.keyboard.press("Enter")
    page.keyboard.type("here")
    page.keyboard.press("Enter")
    page.wait_for_timeout(1500)
    assert sum(received) < 20_000  # not the page, and not the film
    drawn = held(page)
    assert [m["text"] for m in drawn] == ["here"]
    assert result(page, identified=True)["reading"]["marks"] == [m | {"frame": 0} for m in drawn]

    page.keyboard.press("2")
    page.wait_for_timeout(500)
    level = page.locator(".st-key-film .corners .level")
    shown = level.inner_text().split()[-3:]
    page.get_by_role("button", name="Light theme").click()
    expect(page.locator(".stApp")).to_have_css("color-scheme", "light")
    assert held(page) == drawn and level.inner_text().split()[-3:] == shown
    page.get_by_text("中文", exact=True).click()
    expect(page.get_by_role("button", name="反相")).to_be_visible()
    assert held(page) == drawn and level.inner_text().split()[-3:] == shown
    page.get_by_role("link", name="说明").click()
    expect(page.locator(".st-key-film canvas")).to_have_count(0)
    page.wait_for_timeout(1000)
    assert held(page) == []
    page.get_by_role("link", name="阅片").click()
    expect(page.locator(".st-key-film canvas")).to_be_visible()
    page.wait_for_function("globalThis.mmbmDrawn.get('review')?.marks.length")
    assert held(page) == drawn
