"""Every key of the viewer, as its help lists them: pressed, and its effect seen."""

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.keyed_film import SIDE, WINDOWS, Film

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def film(chrome):
    broken = []
    page = chrome.new_page(viewport={"width": SIDE, "height": SIDE})
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.set_default_timeout(10_000)
    yield Film(page)
    page.close()
    assert not broken


def changes_the_picture_by(change):
    def seen(film, key):
        before = film.drawn()
        film.press(key)
        assert np.abs(film.drawn() - change(before)).max() <= 1
        assert np.abs(before - change(before)).max() > 50

    return seen


def zooms_to(percent, *before):
    def seen(film, key):
        film.press(*before)
        film.press(key)
        assert film.corner("zoom") == f"{percent} %"

    return seen


def takes_the_tool(name):
    """The tool is on; a second press puts the window tool back."""

    def seen(film, key):
        film.press(key)
        expect(film.control("tool")).to_have_value(name)
        if name == "zoom":
            film.drag((200, 250), (200, 200))
            assert film.corner("zoom") == "165 %"  # e to the half
        film.press(key)
        expect(film.control("tool")).to_have_value("window")

    return seen


def draws(name, words):
    """Two drags at a right angle, with what is written beside the mark they make."""

    def seen(film, key):
        takes_the_tool(name)(film, key)
        film.press(key)
        film.drag((300, 200), (200, 200))
        if name == "angle":
            film.drag((200, 210), (200, 100))
        if name == "text":
            film.page.keyboard.type("here")
            film.page.keyboard.press("Enter")
        film.press(".")
        assert film.told().endswith(f"1 / 1{words}")
        expect(film.control("erase")).to_be_enabled()

    return seen


def magnifies(film, key):
    film.page.mouse.move(200, 200)
    before = film.drawn()
    takes_the_tool("magnifier")(film, key)
    film.press(key)
    change = np.abs(film.drawn() - before)
    assert change[110:290, 110:290].mean() > 2 and change[:80].max() == 0


def leaves_the_tool(film, key):
    before = film.drawn()
    film.press("b", "Enter", "ArrowRight", "ArrowDown")
    film.press(key)  # the mark that was begun goes first
    expect(film.control("tool")).to_have_value("box")
    film.press(key)
    expect(film.control("tool")).to_have_value("window")
    assert (film.drawn() == before).all()


def resets(film, key):
    before = film.drawn()
    film.press("r", "+", "i", "3", "ArrowLeft")
    assert np.abs(film.drawn() - before).max() > 50
    film.press(key)
    assert (film.drawn() == before).all()


def takes_the_window(film, key):
    chosen = WINDOWS[int(key) - 1]
    film.press("2" if key == "1" else "1")
    film.press(key)
    assert film.corner("level").endswith(f"{chosen.center:.0f} / {chosen.width:.0f}")
    expect(film.control("preset")).to_have_value(str(int(key) - 1))


def shows_the_map(film, key):
    film.press(key)  # it is on
    row = "canvas => [...canvas.getContext('2d').getImageData(100, 100, 1, 1).data]"
    red, _, blue, _ = film.canvas.evaluate(row)
    assert red - blue > 50
    film.press(key)
    red, _, blue, _ = film.canvas.evaluate(row)
    assert red == blue


def two_marks(film):
    film.press("b")
    film.drag((50, 150), (150, 220))
    film.press("m")
    film.drag((250, 260), (350, 260))
    film.press("m", "Escape")


def chooses(number):
    def seen(film, key):
        two_marks(film)
        film.press(key)
        assert f"{number} / 2" in film.told()

    return seen


def enters(film, key):
    film.press("m", key, "ArrowRight", "ArrowRight", key)
    assert film.told().endswith("1 / 1: 20 px")
    film.press(key)
    expect(film.page.locator(".words")).to_be_focused()


def erases(film, key):
    two_marks(film)
    film.press(",", ",", key)  # the box
    film.press(".")
    assert film.told().endswith("1 / 1: 100 px")
    film.press("Escape", key)
    expect(film.control("erase")).to_be_disabled()


def helps(film, key):
    film.press(key)
    shown = film.page.locator(".help")
    expect(shown).to_be_visible()
    assert shown.locator("dt").all_inner_texts() == [keys for keys, _ in film.listed]
    assert all(shown.locator("dd").all_inner_texts())
    film.press(key)
    expect(shown).to_be_hidden()


def asks_for_frame(number):
    def seen(film, key):
        film.begin(frames=3)
        film.press(key)
        name, asked = film.page.evaluate("window.told")
        assert (name, asked["frame"]) == ("step", number)
        assert film.page.locator(".frame").inner_text() == f"Frame {number + 1} / 3"

    return seen


def moves(film, _):
    before = film.drawn()
    for key, (down, right) in {
        "ArrowLeft": (0, 30), "ArrowRight": (0, -30), "ArrowUp": (30, 0), "ArrowDown": (-30, 0),
    }.items():  # fmt: skip
        film.press(key)
        moved = np.roll(before, (down, right), (0, 1))[40:-40, 40:-40]
        assert np.abs(film.drawn()[40:-40, 40:-40] - moved).max() <= 1, key
        film.press("=")


def windows_by_arrows(film, _):
    def level():
        return [float(part) for part in film.corner("level").split()[-3::2]]

    step = 8 * (SIDE - 1) / 60  # of the film's range
    for key, (center, width) in {
        "ArrowLeft": (0, -step), "ArrowRight": (0, step),
        "ArrowUp": (-step, 0), "ArrowDown": (step, 0),
    }.items():  # fmt: skip
        film.press("1")
        before = level()
        film.press(f"Shift+{key}")
        assert level() == [
            pytest.approx(before[0] + center, abs=1),
            pytest.approx(before[1] + width, abs=1),
        ], key


def places_by_arrows(film, _):
    film.press("m", "Enter", *["ArrowRight"] * 3, "ArrowLeft", "ArrowDown", "ArrowUp")
    film.press("Shift+ArrowRight", "Enter")
    assert film.told().endswith("1 / 1: 21 px")


def nudges(film, _):
    two_marks(film)
    film.press(".", ".", "Shift+ArrowRight", "ArrowLeft", "ArrowUp", ",", ".")
    assert film.told().endswith("2 / 2: 105 px")
    before = film.drawn()
    film.press("ArrowDown")
    assert (film.drawn() != before).any()


def steps_by_arrows(film, _):
    for key, number in {"ArrowLeft": 0, "ArrowUp": 0, "ArrowRight": 2, "ArrowDown": 2}.items():
        asks_for_frame(number)(film, key)


EFFECTS = {  # by what the help says of a key
    "right": changes_the_picture_by(lambda drawn: np.rot90(drawn, -1)),
    "left": changes_the_picture_by(np.rot90),
    "across": changes_the_picture_by(np.fliplr),
    "down": changes_the_picture_by(np.flipud),
    "invert": changes_the_picture_by(lambda drawn: 255 - drawn),
    "in": zooms_to(125),
    "out": zooms_to(80),
    "fit": zooms_to(100, "+", "+", "ArrowLeft"),
    "actual": zooms_to(100, "-", "-", "-"),
    "reset": resets,
    "preset": takes_the_window,
    "zoom_tool": takes_the_tool("zoom"),
    "length": draws("length", ": 100 px"),
    "angle": draws("angle", ": 90.0°"),
    "box": draws("box", ""),
    "arrow": draws("arrow", ""),
    "text": draws("text", ": here"),
    "magnifier": magnifies,
    "window_tool": leaves_the_tool,
    "map": shows_the_map,
    "mark_before": chooses(2),
    "mark_after": chooses(1),
    "enter": enters,
    "erase": erases,
    "help": helps,
    "frame_before": asks_for_frame(0),
    "frame_after": asks_for_frame(2),
    "move": moves,
    "window_keys": windows_by_arrows,
    "crosshair": places_by_arrows,
    "nudge": nudges,
    "frames": steps_by_arrows,
}


def test_the_help_lists_every_key_and_each_is_tried_here(film):
    listed = {act for _, act in film.listed}
    assert {act for _, act in film.keys} <= listed
    assert listed == set(EFFECTS)


@pytest.mark.parametrize("act", EFFECTS)
def test_a_key_does_what_the_help_says(film, act):
    for key in [key for key, does in film.keys if does == act] or [""]:
        film.begin()
        EFFECTS[act](film, key)
