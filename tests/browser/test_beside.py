"""The film with another map beside it: what there is to choose, and that both go together."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_review import PATIENCE, app, give, page, server, settled  # noqa: F401
from tests.browser.test_viewing import CASE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COLOURED = """canvas => {
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    let found = 0;
    for (let i = 0; i < data.length; i += 4) found += Math.abs(data[i] - data[i + 2]) > 8;
    return found > 1000;
}"""


def open_map(page, server):  # noqa: F811
    page.goto(server[0])
    give(page, "image", CASE / "image.dcm")
    settled(page)
    page.get_by_role("tab", name="X-ray map").click()
    settled(page)


def choose(page, name):  # noqa: F811
    page.locator(".st-key-beside [role=combobox]").first.click()
    page.get_by_role("option", name=name, exact=True).click()
    settled(page)


def test_a_map_beside_the_film_follows_it(page, server):  # noqa: F811
    open_map(page, server)
    first = page.locator(".st-key-main-film canvas")
    second = page.locator(".st-key-beside-film canvas")
    expect(second).to_have_count(0)
    choose(page, "The map of the last layer")
    expect(second).to_be_visible(timeout=PATIENCE)
    legend = page.locator(".st-key-beside-film .legend")
    expect(legend).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(500)
    assert second.evaluate(COLOURED) and not first.evaluate(COLOURED)
    boxes = [canvas.bounding_box() for canvas in (first, second)]
    assert boxes[0]["y"] == boxes[1]["y"] and abs(boxes[0]["width"] - boxes[1]["width"]) < 3
    first.press("+")
    first.press("2")
    page.wait_for_timeout(500)
    said = [
        page.locator(f".st-key-{key}-film .corners .{corner}").inner_text()
        for corner in ("zoom", "level")
        for key in ("main", "beside")
    ]
    assert said[0] == said[1] and said[2] == said[3]

    choose(page, "GradientShap")
    expect(legend).to_contain_text("per block", timeout=PATIENCE)
    choose(page, "Nothing")
    expect(second).to_have_count(0, timeout=PATIENCE)


def test_another_model_s_map_beside_the_film(page, server):  # noqa: F811
    """The server runs a small model; the one that comes with the program is on offer."""
    open_map(page, server)
    choose(page, "The map of chest-base")
    second = page.locator(".st-key-beside-film canvas")
    legend = page.locator(".st-key-beside-film .legend")
    expect(legend).to_contain_text("The map of chest-base", timeout=PATIENCE)
    expect(legend).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(500)
    assert second.evaluate(COLOURED)
    assert not page.locator(".st-key-main-film canvas").evaluate(COLOURED)
