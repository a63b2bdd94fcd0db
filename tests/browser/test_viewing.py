"""The viewer in a real browser: what it draws, measures and answers to."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from mmbm.case import Picture, Window
from mmbm.storage import assets_folder
from tests.browser.test_review import (  # noqa: F401
    CHROMIUM_ARGS,
    app,
    chromium,
    give,
    page,
    server,
    settled,
)
from tests.browser.viewer_page import greys, mount, open_viewer, payload

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CASE = assets_folder() / "samples" / "adult-opacity"
# keys from an upright film, and what then stands at its left, right, top and bottom
POSITIONS = {
    "": "RLHF",
    "r": "FHRL",
    "rr": "LRFH",
    "l": "HFLR",
    "h": "LRHF",
    "v": "RLFH",
    "rh": "HFRL",
    "lh": "FHLR",
}
RENDERERS = ("software", "webgl")


@pytest.fixture
def bare(drawing_chrome):
    """A page of its own for the viewer; fails on any error in it."""
    broken = []
    made = drawing_chrome.new_page(viewport={"width": 820, "height": 820})  # in its own context
    made.on("pageerror", lambda error: broken.append(str(error)))
    yield made
    made.close()
    assert not broken


def phantom(height=600, width=700, **kwargs):
    """Steps of 12 bits from left to right, a bright square in the upper left corner."""
    pixels = np.tile(np.linspace(0, 3000, width).round(), (height, 1)).astype(np.float32)
    pixels[:60, :60] = 4000
    given = {"orientation": ("L", "F"), "windows": (Window(2048, 4096, "WIDE"),)} | kwargs
    shown = np.clip((pixels - 2047.5) / 4095 + 0.5, 0, 1)
    return Picture(pixels, shown, file_format="DICOM", **given)


def as_shown(picture):
    return np.rint(255 * picture.shown)


def texts_drawn(page):  # noqa: F811
    """What the next drawing writes on the canvas: (text, x, y)."""
    return page.locator("canvas").evaluate(
        """async canvas => {
            const context = canvas.getContext("2d");
            const drawn = [];
            context.fillText = (text, x, y) => { if (text) drawn.push([text, x, y]); };
            window.dispatchEvent(new Event("resize"));
            canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "i", bubbles: true }));
            await new Promise((done) => setTimeout(done, 150));
            drawn.length = 0;
            canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "i", bubbles: true }));
            await new Promise((done) => setTimeout(done, 150));
            delete context.fillText;
            return drawn;
        }"""
    )


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("size", [(600, 700), (1201, 801)])
def test_greys_at_full_size_are_those_of_the_picture(bare, renderer, size):
    picture = phantom(*size)
    bare.evaluate(f"window.mmbmRenderer = '{renderer}'")
    open_viewer(bare, size[1], size[0])
    mount(bare, payload(picture))
    drawn = greys(bare)
    assert drawn.shape == size
    inner = np.s_[100:-60, 40:-40]  # free of what is written on the film
    assert np.abs(drawn - as_shown(picture))[inner].max() <= 1


def test_both_renderers_draw_the_same_turned_and_shrunk(bare):
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 4096, (1300, 1501)).astype(np.float32)
    shown = np.clip((pixels - 2047.5) / 4095 + 0.5, 0, 1)
    picture = Picture(pixels, shown, windows=(Window(2048, 4096),), file_format="DICOM")
    drawn = []
    for renderer in RENDERERS:
        open_viewer(bare, 400, 500)
        bare.evaluate(f"window.mmbmRenderer = '{renderer}'; window.mmbmViews?.clear()")
        bare.evaluate("window.viewerModule = undefined")
        mount(bare, payload(picture))
        for key in ("r", "h", "+"):
            bare.keyboard.press(key)
        bare.wait_for_timeout(200)
        drawn.append(greys(bare))
        bare.evaluate("window.unmount()")
    assert drawn[0][100:-50].std() > 10
    assert np.abs(drawn[0] - drawn[1]).max() <= 1


@pytest.mark.parametrize("keys", POSITIONS)
def test_markers_follow_every_turn(bare, keys):
    open_viewer(bare, 600, 600)
    mount(bare, payload(phantom()))
    for key in keys:
        bare.keyboard.press(key)
    found = {}
    for text, x, y in texts_drawn(bare):
        if re.fullmatch("[LRAPHF]", text):
            edge = "left" if x < 50 else "right" if x > 550 else "top" if y < 300 else "bottom"
            found[edge] = text
    assert "".join(found[edge] for edge in ("left", "right", "top", "bottom")) == POSITIONS[keys]
    # the bright square lies at the patient's right and head
    corner = {"left": 0.05, "right": 0.95, "top": 0.05, "bottom": 0.95}
    side = {letter: corner[edge] for edge, letter in found.items()}
    drawn = greys(bare)
    rows, cols = np.nonzero(drawn >= 245)
    horizontal = found["left"] in "LR"
    across, down = (side["R"], side["H"]) if horizontal else (side["H"], side["R"])
    assert abs(np.median(cols) / 600 - across) < 0.2
    assert abs(np.median(rows) / 600 - down) < 0.25


def test_a_silent_header_has_no_markers(bare):
    open_viewer(bare, 600, 600)
    mount(bare, payload(phantom(orientation=("", ""))))
    assert not [t for t, *_ in texts_drawn(bare) if re.fullmatch("[LRAPHF]", t)]


def drag(page, start, end, steps=4):  # noqa: F811
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=steps)
    page.mouse.up()
    page.wait_for_timeout(100)


@pytest.mark.parametrize(
    ("given", "said", "per_pixel"),
    [
        ({"spacing_mm": (0.25, 0.2)}, r"([\d.]+) mm", 0.2),
        ({"spacing_mm": (0.25, 0.2), "at_detector": True}, r"([\d.]+) mm at the detector", 0.2),
        ({}, r"(\d+) px", 1),
    ],
)
def test_a_length(bare, given, said, per_pixel):
    open_viewer(bare, 700, 600)
    mount(bare, payload(phantom(**given)))
    bare.keyboard.press("n")  # one to one
    bare.keyboard.press("m")
    drag(bare, (100, 300), (600, 300))  # 500 pixels, 100 mm
    found = [re.fullmatch(said, t) for t, x, y in texts_drawn(bare) if y < 550]
    (length,) = [float(match[1]) for match in found if match]
    assert length == pytest.approx(500 * per_pixel, abs=per_pixel / 2)
    bare.keyboard.press("r")  # it lies on the film, whatever way that lies
    assert [t for t, x, y in texts_drawn(bare) if re.fullmatch(said, t) and y < 550]
    bare.locator("canvas").press("Delete")
    assert not [t for t, x, y in texts_drawn(bare) if re.fullmatch(said, t) and y < 550]


def test_an_angle(bare):
    open_viewer(bare, 700, 600)
    mount(bare, payload(phantom()))
    bare.keyboard.press("a")
    drag(bare, (500, 300), (300, 300))
    drag(bare, (300, 350), (300, 200))
    assert [t for t, *_ in texts_drawn(bare) if t.endswith("°")] == ["90.0°"]


def test_what_was_set_outlives_another_language_and_another_mount(bare):
    open_viewer(bare, 700, 600)
    picture = phantom(spacing_mm=(0.2, 0.2))
    mount(bare, payload(picture))
    for key in "rm2+":
        bare.keyboard.press(key)
    drag(bare, (200, 300), (400, 300))
    at = [bare.locator(f".corners .{name}").inner_text() for name in ("level", "zoom")]
    drawn = [t for t, *_ in texts_drawn(bare)]
    mount(bare, payload(picture, language="zh"))
    assert bare.locator(".corners .zoom").inner_text() == at[1]
    bare.evaluate("window.unmount()")
    mount(bare, payload(picture))
    assert [bare.locator(f".corners .{name}").inner_text() for name in ("level", "zoom")] == at
    assert [t for t, *_ in texts_drawn(bare)] == drawn
    mount(bare, payload(phantom(spacing_mm=(0.3, 0.3), height=601)))  # another picture
    assert bare.locator(".corners .level").inner_text() != at[0]


def test_the_tools_take_one_row_on_a_tablet(page, server):  # noqa: F811
    page.set_viewport_size({"width": 820, "height": 1180})
    page.goto(server[0])
    give(page, "image", CASE / "image.dcm")
    settled(page)
    tools = page.locator(".st-key-main-film .bar > :visible").all()
    tops = [tool.bounding_box()["y"] for tool in tools]
    assert len(tops) >= 6 and max(tops) - min(tops) < 10


def test_a_drag_asks_nothing_of_the_server(page, server):  # noqa: F811
    page.goto(server[0])
    give(page, "image", CASE / "image.dcm")
    settled(page)
    asked, sent = [], []
    page.on("request", lambda request: asked.append(request.url))
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.webSocketFrameSent", lambda event: sent.append(event))
    box = page.locator(".st-key-film canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    level = page.locator(".st-key-film .corners .level")
    before = level.inner_text()
    drag(page, (x, y), (x + 90, y + 60), steps=20)
    expect(level).not_to_have_text(before)
    for key in ("r", "c", "h", "+"):  # Streamlit's own r and c are off
        page.keyboard.press(key)
    page.wait_for_timeout(1000)
    assert not asked and not sent


def test_a_second_viewer_borrows_the_film_of_the_first(bare):
    picture = phantom()
    open_viewer(bare, 400, 400)
    bare.evaluate(
        """() => {
            const second = document.getElementById("mount").cloneNode(true);
            document.getElementById("mount").id = "other";
            document.body.prepend(second);
        }"""
    )
    share = np.array([[0.5, -0.25], [0.0, 0.125]])
    mount(bare, payload(picture, name="", share=share, borrowed=True))  # the film comes later
    bare.evaluate("document.getElementById('mount').id = 'second'")
    bare.evaluate("document.getElementById('other').id = 'mount'")
    mount(bare, payload(picture))
    bare.locator("#second [data-act=map]").click()
    bare.wait_for_timeout(200)
    sums = [
        canvas.evaluate(
            """canvas => canvas.getContext("2d").getImageData(60, 220, 280, 100).data
                .reduce((sum, value) => sum + value, 0)"""
        )
        for canvas in bare.locator("canvas").all()
    ]
    assert sums[0] == sums[1] > 280 * 100 * 255 * 1.5
