"""The Review page is a reading room: the film is large, nothing jumps, warnings come first."""

import pytest
from playwright.sync_api import expect

from mmbm.storage import assets_folder
from tests.browser.test_review import (  # noqa: F401
    PATIENCE,
    app,
    give,
    open_sample,
    page,
    server,
    settled,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CASE = assets_folder() / "samples" / "adult-opacity"
STEADY = 0.05  # cumulative layout shift
HEAVY = 5e6  # bytes of a first visit with a sample case
SHIFTS = """() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
            if (!entry.hadRecentInput) window.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
}"""


def box(page, css):  # noqa: F811
    return page.locator(css).first.bounding_box()


@pytest.mark.parametrize(("width", "height", "least"), [(1440, 900, 0.45), (820, 1180, 0.40)])
def test_the_film_has_the_screen(page, server, width, height, least):  # noqa: F811
    page.set_viewport_size({"width": width, "height": height})
    open_sample(page, server)
    settled(page)
    film = page.locator(".st-key-film canvas").bounding_box()
    right, bottom = film["x"] + film["width"], film["y"] + film["height"]
    seen = (min(right, width) - film["x"]) * (min(bottom, height) - film["y"])
    assert seen / (width * height) >= least
    assert film["width"] >= 0.55 * width


def test_one_click_leads_to_the_reasons_without_scrolling(page, server):  # noqa: F811
    page.set_viewport_size({"width": 1440, "height": 900})
    open_sample(page, server)  # the click
    settled(page)
    for css in (".finding", "table.account", '.st-key-results [role="tablist"]'):
        for place in page.locator(css).all():
            found = place.bounding_box()
            assert found["y"] >= 0 and found["y"] + found["height"] <= 900, css
    whole = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
    assert whole <= 900


@pytest.mark.parametrize("width", [770, 820, 910])
def test_every_page_s_link_can_be_pressed(page, server, width):  # noqa: F811
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(server[0])
    expect(page.locator(".st-key-start")).to_be_visible(timeout=PATIENCE)
    links = page.locator("[data-testid=stTopNavLink]")
    expect(links).to_have_count(6, timeout=PATIENCE)
    for link in links.all():
        link.click(trial=True, timeout=5_000)  # fails where another element is over it


def visited(page, server):  # noqa: F811
    """How much shifts until the page stands, and with two parts given one after the other."""
    page.goto(server[0])
    page.evaluate(SHIFTS)
    expect(page.locator(".st-key-start")).to_be_visible(timeout=PATIENCE)
    settled(page)
    first = page.evaluate("window.shift")
    give(page, "image", CASE / "image.dcm")
    give(page, "notes", CASE / "notes.txt")
    expect(page.locator(".verdict").first).to_be_visible(timeout=PATIENCE)
    settled(page)
    return first, page.evaluate("window.shift")


def test_nothing_jumps(page, server):  # noqa: F811
    page.set_viewport_size({"width": 1440, "height": 900})
    # The median of three visits: now and then warnings push the last row out of the column in the
    # same frame, and Chrome counts everything in that frame as moved as far as that row.
    first, given = zip(*(visited(page, server) for _ in range(3)), strict=True)
    assert sorted(first)[1] < STEADY
    assert sorted(given)[1] < STEADY


def test_a_first_visit_is_light(page, server):  # noqa: F811
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    got = []
    session.on("Network.loadingFinished", lambda event: got.append(event["encodedDataLength"]))
    session.on(
        "Network.webSocketFrameReceived",
        lambda event: got.append(0.75 * len(event["response"]["payloadData"])),  # base64
    )
    open_sample(page, server)
    expect(page.locator(".note .word").first).to_be_visible(timeout=PATIENCE)
    settled(page)
    assert 1e6 < sum(got) < HEAVY


def test_warnings_stand_above_every_number(page, server, tmp_path):  # noqa: F811
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(server[0])
    note = tmp_path / "note.txt"
    note.write_text("Der Patient hustet seit drei Tagen und hat hohes Fieber.", encoding="utf-8")
    give(page, "notes", note)
    warnings = page.locator("ul.warnings")
    expect(warnings).to_be_visible(timeout=PATIENCE)
    settled(page)
    above = warnings.bounding_box()
    for css in (".finding", "table.account"):
        assert above["y"] + above["height"] <= box(page, css)["y"] + 1
    for number in page.locator(".finding-number").all():
        assert above["y"] < number.bounding_box()["y"]


def test_a_narrow_window_has_one_column_and_no_sideways_scrolling(page, server):  # noqa: F811
    page.set_viewport_size({"width": 390, "height": 844})
    open_sample(page, server)
    settled(page)
    film, findings = box(page, ".st-key-film"), box(page, ".st-key-answers")
    assert findings["y"] >= film["y"] + film["height"] and film["width"] > 340
    main = "document.querySelector('[data-testid=\"stMain\"]')"
    assert page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")
