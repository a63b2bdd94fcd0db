"""What the sound and notes panels mark, and what is set in them, in a real browser."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from mmbm.case import SAMPLE_RATE
from tests.browser.test_review import (  # noqa: F401
    PATIENCE,
    app,
    give,
    open_sample,
    open_tab,
    page,
    server,
    settled,
)
from tests.made_files import wav
from tests.made_sounds import breath

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CLIPPED, SILENT, SECONDS = (1.0, 1.2), (3.0, 4.5), 6.0
# Where each mark stands on the screen, in seconds of the recording, and how it is filled.
MARKS = """panel => [...panel.querySelectorAll(".marks i")].map((mark) => {
    const [of, on] = [mark.getBoundingClientRect(), mark.parentNode.getBoundingClientRect()];
    const second = (x) => ((x - on.x) / on.width) * SECONDS;
    const {backgroundColor, backgroundImage} = getComputedStyle(mark);
    return [mark.className, second(of.x), second(of.right), backgroundColor, backgroundImage];
})""".replace("SECONDS", str(SECONDS))
TELL = """events => {
    const told = mmbmHeard.told.get("review");
    mmbmHeard.told.set("review", {...told, events});
    document.dispatchEvent(new CustomEvent("mmbm-told", {detail: "review"}));
}"""


def recording():
    """Breathing with a flat top at full scale, and a stretch of nothing."""
    heard = breath(SECONDS)
    start, end = (round(at * SAMPLE_RATE) for at in CLIPPED)
    loud = 4 * np.sin(2 * np.pi * 150 * np.arange(end - start) / SAMPLE_RATE)
    heard[start:end] = np.clip(loud, -1, 1)
    start, end = (round(at * SAMPLE_RATE) for at in SILENT)
    heard[start:end] = 0
    return wav(heard)


def test_clipped_and_silent_places_are_marked_where_they_are(page, server, tmp_path):  # noqa: F811
    file = tmp_path / "clipped.wav"
    file.write_bytes(recording())
    page.goto(server[0])
    give(page, "audio", file)
    settled(page)
    open_tab(page, "Lung sound")
    panel = page.locator(".listener")
    expect(panel.locator(".marks i.clipped").first).to_be_visible(timeout=PATIENCE)
    found = panel.evaluate(MARKS)
    clipped = [mark for mark in found if mark[0] == "clipped"]
    silent = [mark for mark in found if mark[0] == "silent"]
    assert clipped[0][1] == pytest.approx(CLIPPED[0], abs=0.05)
    assert clipped[-1][2] == pytest.approx(CLIPPED[1], abs=0.05)
    assert clipped[0][3] == "rgb(240, 196, 119)"
    (still,) = silent
    assert still[1:3] == [pytest.approx(at, abs=0.11) for at in SILENT]
    assert "repeating-linear-gradient" in still[4]
    told = panel.locator(".notes .marked").all_inner_texts()
    assert [line.split()[0] for line in told] == ["Clipped", "Silent"]


def test_each_event_has_its_stretches_on_the_time_axis(page, server):  # noqa: F811
    open_sample(page, server)
    settled(page)
    open_tab(page, "Lung sound")
    panel = page.locator(".listener")
    expect(panel.locator(".chapter").first).to_be_visible(timeout=PATIENCE)
    settled(page)
    page.evaluate(TELL, [])
    expect(panel.locator(".track.events")).to_be_hidden()
    events = [
        {"text": "Wheezes 80 %", "spans": [[1.5, 2.0], [4.0, 4.5]]},
        {"text": "Crackles 60 %", "spans": [[0.5, 1.0]]},
    ]
    page.evaluate(TELL, events)
    rows = panel.locator(".track.events div")
    expect(rows).to_have_count(2)
    assert rows.locator("span").all_inner_texts() == [event["text"] for event in events]
    seconds = float(panel.locator(".tracks").get_attribute("aria-valuemax"))
    width = panel.locator(".tracks").bounding_box()
    first = rows.first.locator("i").first.bounding_box()
    assert (first["x"] - width["x"]) / width["width"] * seconds == pytest.approx(1.5, abs=0.05)
    assert first["width"] / width["width"] * seconds == pytest.approx(0.5, abs=0.05)
    titles = [node.get_attribute("title") for node in rows.first.locator("i").all()]
    assert titles == ["Wheezes 80 %: 1.5–2.0 s", "Wheezes 80 %: 4.0–4.5 s"]


def test_the_notes_panel_outlives_findings_tabs_languages_and_themes(page, server):  # noqa: F811
    open_sample(page, server)
    settled(page)
    panel = page.locator(".st-key-results")
    page.get_by_role("radio", name="At the final layer").click()
    settled(page)
    page.get_by_text("Edit the notes and see the change").click()
    box = panel.locator("textarea")
    expect(box).to_be_visible(timeout=PATIENCE)
    box.fill("No fever, no cough.")
    box.press("Control+Enter")
    expect(panel.get_by_text(re.compile("After|after")).first).to_be_visible(timeout=PATIENCE)
    settled(page)

    def state(chosen="At the final layer"):
        on = page.get_by_role("radio", name=chosen).get_attribute("aria-checked")
        return on, panel.locator("textarea").input_value()

    before = state()
    assert before == ("true", "No fever, no cough.")
    page.get_by_role("button", name="Explain: No opacity seen").click()
    settled(page)
    assert state() == before
    page.get_by_role("button", name="Light theme").click()
    page.wait_for_timeout(500)
    assert state() == before
    open_tab(page, "Lung sound")
    expect(panel.locator("textarea")).to_have_count(0)
    settled(page)
    open_tab(page, "Notes")
    expect(panel.locator("textarea")).to_be_visible(timeout=PATIENCE)
    settled(page)
    assert state() == before
    page.get_by_text("中文", exact=True).click()
    expect(page.get_by_role("radio", name="末层")).to_be_visible(timeout=PATIENCE)
    settled(page)
    assert state("末层") == before
