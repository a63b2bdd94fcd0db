"""A note is dictated with the computer's microphone, corrected and used; it is no lung sound."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from mmbm.storage import assets_folder
from tests.browser.test_nothing_lost import server_of
from tests.browser.test_review import (  # noqa: F401
    APP,
    CHROMIUM_ARGS,
    FRAME,
    PATIENCE,
    SAMPLE,
    chromium,
    give,
    page,
    server,
    serving,
    settled,
    unfold,
)
from tests.made_sounds import plain_wav, speech

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RATE = 48_000  # Hz, of the microphone


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where the server may write temporary files."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def app(home, whisper, tmp_path_factory):
    """The dashboard's server with dictation; its recorder hands nothing in where the address says.

    As one does that is drawn anew while its recording is on its way.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MMBM_DICTATION", str(whisper))
        patch.setenv("TMPDIR", str(home))
        yield server_of(
            tmp_path_factory.mktemp("app"),
            f"""\
            import runpy

            import streamlit as st
            from dashboard import state

            hand_in = state.take_recording
            if "lost" in st.query_params:
                state.take_recording = lambda at: None
            try:
                runpy.run_path({str(FRAME)!r}, run_name="__main__")
            finally:
                state.take_recording = hand_in
            """,
        )


@pytest.fixture(scope="module")
def chrome(driver, tmp_path_factory):
    """A browser with a voice at its microphone."""
    voice = tmp_path_factory.mktemp("voice") / "voice.wav"
    voice.write_bytes(plain_wav(speech(10.0, rate=RATE), rate=RATE))
    heard = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={voice}",
    ]
    browser = driver.chromium.launch(executable_path=chromium(), args=[*CHROMIUM_ARGS, *heard])
    yield browser
    browser.close()


def dictate(page):  # noqa: F811
    """Record for two seconds; the box with what was heard."""
    place = page.locator(".st-key-place-notes")
    place.get_by_role("tab", name="Dictate").click()
    place.get_by_role("button", name="Record").click()
    page.wait_for_timeout(2_500)
    place.get_by_role("button", name="Stop recording").click()
    box = place.locator(".st-key-dictate textarea")
    expect(box).to_be_enabled(timeout=PATIENCE)
    return box


def nothing_of(page, part):  # noqa: F811
    expect(page.locator(f".st-key-read-{part} .facts")).to_have_count(0)
    expect(page.locator(f".st-key-remove-{part}")).to_have_count(0)


def test_a_note_is_dictated_corrected_and_used(page, server, home):  # noqa: F811
    page.goto(server[0])
    box = dictate(page)
    assert set(box.input_value()) == {"a"}
    nothing_of(page, "notes")  # it counts only once it is used
    box.fill("Fever for three days. <b>No</b> cough.")
    page.get_by_text("中文", exact=True).first.click()
    expect(page.locator(".st-key-dictate").get_by_role("button", name="放弃")).to_be_visible()
    expect(box).to_have_value("Fever for three days. <b>No</b> cough.")
    page.locator(".st-key-dictate-replace button").click()
    expect(page.locator(".st-key-read-notes .facts")).to_contain_text("38 个字符", timeout=PATIENCE)
    expect(page.locator(".note")).to_contain_text("<b>No</b> cough.")
    settled(page)
    nothing_of(page, "audio")
    log = server[1].read_text()
    assert "Fever" not in log and "aaa" not in log and "Traceback" not in log
    assert not [path for path in home.rglob("*") if path.is_file() and b"WAVE" in path.read_bytes()]


def test_a_recording_that_its_widget_cannot_hand_in_is_heard_all_the_same(page, server):  # noqa: F811
    page.goto(f"{server[0]}/?lost=1")
    box = dictate(page)
    assert set(box.input_value()) == {"a"}
    nothing_of(page, "audio")
    page.locator(".st-key-dictate-discard button").click()
    expect(box).to_have_count(0)
    nothing_of(page, "audio")
    nothing_of(page, "notes")


@pytest.fixture
def styled(whisper, tiny_model_dir, tmp_path, monkeypatch):
    """The dashboard as it is, with dictation and its style sheets."""
    monkeypatch.setenv("MMBM_DICTATION", str(whisper))
    with serving(APP, str(tiny_model_dir), tmp_path / "log.txt") as (address, _):
        yield address


def test_what_belongs_on_one_line_stays_there_in_a_narrow_window(page, styled):  # noqa: F811
    page.goto(styled)
    for part, name in (("image", "image.dcm"), ("notes", "notes.txt")):
        give(page, part, assets_folder() / "samples" / SAMPLE / name)
    unfold(page)
    dictate(page)
    settled(page)
    for width in (780, 820, 1110, 1440):
        page.set_viewport_size({"width": width, "height": 1180})
        page.wait_for_timeout(500)
        for key in ("head-image", "head-notes", "dictate-acts"):
            middles = page.locator(f".st-key-{key}").evaluate(
                """line => [...line.querySelectorAll("h3, button")].map(each => {
                    const {y, height} = each.getBoundingClientRect();
                    return y + height / 2;
                })"""
            )
            assert len(middles) > 1 and max(middles) - min(middles) < 8, (width, key)
        limit = page.locator(".st-key-place-audio").get_by_text("64MB per file").first
        assert limit.evaluate("text => text.scrollWidth <= text.clientWidth"), width
