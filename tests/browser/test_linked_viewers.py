"""Two viewers of one group: what is done to one is seen in the other."""

import pytest

from mmbm.case import Window
from tests.browser.test_viewing import bare, drag, phantom  # noqa: F401
from tests.browser.viewer_page import add_stage, greys_of, mount, open_viewer, payload

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def corners(page):
    """Level / width and zoom of each viewer."""
    return [
        [viewer.locator(f".{name}").inner_text() for name in ("level", "zoom")]
        for viewer in page.locator(".corners").all()
    ]


def test_the_same_film_twice_is_windowed_turned_zoomed_and_inverted_as_one(bare):  # noqa: F811
    open_viewer(bare, 350, 300)
    add_stage(bare, "beside")
    picture = phantom()
    mount(bare, payload(picture, link="case"))
    mount(bare, payload(picture, name="beside", link="case", borrowed=True), "beside")
    first, second = bare.locator("canvas").all()
    first.hover()
    drag(bare, (100, 150), (180, 190))
    for key in "ri+":
        first.press(key)
    first.press("ArrowLeft")
    bare.wait_for_timeout(200)
    assert corners(bare)[0] == corners(bare)[1]
    assert (greys_of(first) == greys_of(second)).mean() > 0.97  # but the bars and their words
    second.press("=")
    second.press("v")
    bare.wait_for_timeout(200)
    assert (greys_of(first) == greys_of(second)).mean() > 0.97
    assert greys_of(first).std() > 10


def test_a_prior_of_another_size_shows_the_same_part_by_its_own_preset(bare):  # noqa: F811
    open_viewer(bare, 350, 300)
    add_stage(bare, "beside")
    windows = (Window(1000, 900, "OWN"), Window(500, 300, "NARROW"))
    mount(bare, payload(phantom(windows=(Window(2048, 4096), Window(3000, 500))), link="case"))
    prior = phantom(1200, 1400, windows=windows)
    mount(bare, payload(prior, name="prior", link="case"), "beside")
    first = bare.locator("canvas").first
    assert [at[0].split(" ", 3)[-1] for at in corners(bare)] == ["2048 / 4096", "1000 / 900"]
    first.press("2")
    first.press("+")
    bare.wait_for_timeout(200)
    said = corners(bare)
    assert [at[0].split(" ", 3)[-1] for at in said] == ["3000 / 500", "500 / 300"]
    whole = [int(at[1].split()[0]) for at in said]
    assert whole[0] == pytest.approx(2 * whole[1], abs=1), "the prior has twice the pixels"
    bare.evaluate("window.unmount()")  # the prior
    first.press("1")
    bare.wait_for_timeout(100)
    assert corners(bare)[1] == said[1], "a viewer that is gone no longer follows"
