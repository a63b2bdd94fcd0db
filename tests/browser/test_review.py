"""The Review page in a real browser: upload, results, overlay, and nothing leaves the machine."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

import dashboard
from mmbm.storage import assets_folder

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHROMIUM_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
APP = Path(dashboard.__file__).with_name("app.py")
FRAME = APP.with_name("frame.py")
SAMPLE = "adult-opacity"
PATIENCE = 90_000  # ms; the machine may be busy
FROM_PAGE = ("data:", "blob:")  # made in the page itself, no connection


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def app():
    """The script that the server runs."""
    return APP


@pytest.fixture(scope="module")
def server(request, app, tmp_path_factory):
    """``streamlit run`` on loopback; its address and its log. Common where nothing is changed."""
    if app == APP and of_mmbm() == AT_START:
        yield request.getfixturevalue("common_server")
        return
    model = os.environ.get("MMBM_MODEL") or str(request.getfixturevalue("tiny_model_dir"))
    with serving(app, model, tmp_path_factory.mktemp("server") / "log.txt") as (address, log):
        yield address, log


def of_mmbm():
    """The environment's settings of this program."""
    return {name: value for name, value in os.environ.items() if name.startswith("MMBM_")}


AT_START = of_mmbm()


@contextmanager
def serving(app, model, log):
    """A server of this script and model, until the block ends; its address and its log."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(port)]
    with log.open("w") as out:
        process = subprocess.Popen(
            command,
            cwd=APP.parents[1],  # where .streamlit/config.toml lies
            env=os.environ | {"MMBM_MODEL": model},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/_stcore/health", process)
        yield address, log
    finally:
        process.terminate()
        process.wait(30)


def wait_for(url, process, seconds=60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.3)
    pytest.fail("the server did not start")


def chromium():
    """Debian's browser, or no test."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no chromium on the path; apt-get install chromium")
    return found


@pytest.fixture
def page(server, chrome):
    """A fresh page; fails at the end on any foreign request, page error or error in the console."""
    asked, broken = [], []
    context = chrome.new_context(viewport={"width": 1400, "height": 900})
    context.on("request", lambda request: asked.append(request.url))
    made = context.new_page()
    made.on("websocket", lambda socket: asked.append(socket.url))
    made.on("pageerror", lambda error: broken.append(str(error)))
    made.set_default_timeout(PATIENCE)
    yield made
    context.close()
    foreign = [u for u in asked if not u.startswith(FROM_PAGE)]
    foreign = [u for u in foreign if urlsplit(u).hostname != "127.0.0.1"]
    assert asked and not foreign
    assert not broken


def give(page, place, file):
    """Hand a file to one part's uploader and wait until it was read."""
    part = page.locator(f".st-key-place-{place}")
    part.locator("input[type=file]").first.set_input_files(file)
    expect(part.locator(".facts")).to_be_visible(timeout=PATIENCE)


def settled(page):
    """No run in the last half second, and no number on the page is old."""
    for _ in range(3):
        expect(page.locator('[data-testid="stSpinner"]')).to_have_count(0, timeout=PATIENCE)
        expect(page.locator('[data-testid="stStatusWidget"]')).to_have_count(0, timeout=PATIENCE)
        expect(page.locator(".outdated")).to_have_count(0, timeout=PATIENCE)
        page.wait_for_timeout(200)


def open_sample(page, server):
    """The Review page with the sample of an adult with an opacity, by its one click."""
    page.goto(server[0])
    page.get_by_role("button", name="Open: Adult, opacity").click()
    expect(page.locator(".finding").first).to_be_visible(timeout=PATIENCE)


def unfold(page):
    """Open the intake over a case."""
    if page.locator(".st-key-intake span.folded").count():
        page.get_by_role("button", name="Add or change").click()


def open_tab(page, name):
    """Open one of the tabs beside the film."""
    page.locator(".st-key-results").get_by_role("tab", name=name, exact=True).click()


def of_finding(finding):
    """The heading of a finding's account."""
    return re.compile(f"^{re.escape(finding)}, .*contributions")


def brightness(page):
    """A sum over the film's canvas; it changes when anything on it does."""
    return page.locator("canvas").first.evaluate(
        """canvas => {
            const {width, height} = canvas;
            const seen = canvas.getContext("2d").getImageData(0, 0, width, height).data;
            let sum = 0;
            for (let i = 0; i < seen.length; i += 4)
                sum += seen[i] + 2 * seen[i + 1] + 3 * seen[i + 2];
            return sum;
        }"""
    )


def slide(page, percent):
    page.locator('input[data-act="opacity"]').first.evaluate(
        """(slider, value) => {
            slider.value = value;
            slider.dispatchEvent(new Event("input", {bubbles: true}));
        }""",
        str(percent),
    )
    page.wait_for_timeout(300)


def test_the_first_page_of_a_fresh_server_may_be_any(page, server):
    page.goto(f"{server[0]}/model")
    notice = page.get_by_text("Research use, not a medical device").first
    expect(notice).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("tab", name="By source")).to_be_visible(timeout=PATIENCE)


def test_a_case_from_upload_to_reasons(page, server, tmp_path):
    sample = assets_folder() / "samples" / SAMPLE
    bare = tmp_path / "IM000001"  # as hospitals export: no suffix
    bare.write_bytes((sample / "image.dcm").read_bytes())
    page.goto(server[0])
    give(page, "image", bare)
    give(page, "notes", sample / "notes.txt")
    give(page, "audio", sample / "sound.wav")
    expect(page.locator(".finding")).to_have_count(2)
    expect(page.locator("table.account tbody tr")).to_have_count(5)
    expect(page.locator(".note .word").first).to_be_visible()
    assert page.locator(".note .word").first.get_attribute("title")  # the number on hover
    expect(page.locator('[data-act="map"]')).to_be_visible()
    settled(page)
    page.wait_for_timeout(500)

    raw = brightness(page)
    page.keyboard.press("o")
    page.wait_for_timeout(300)
    with_map = brightness(page)
    assert with_map != raw, "the film is shown raw, and its map by one key"
    slide(page, 0)
    assert brightness(page) == raw
    slide(page, 50)
    assert brightness(page) == with_map
    page.screenshot(path=os.environ.get("MMBM_SCREENSHOT") or tmp_path / "review.png")

    zoom = page.locator(".corners .zoom")
    whole = zoom.inner_text()
    page.locator('[data-act="in"]').first.click()
    expect(zoom).not_to_have_text(whole)
    closer = zoom.inner_text()
    page.get_by_role("button", name="Explain: No opacity seen").click()
    expect(page.get_by_role("heading", name=of_finding("No opacity seen"))).to_be_visible()
    settled(page)
    assert zoom.inner_text() == closer, "the zoom was lost when another finding was chosen"
    page.locator("canvas").first.dblclick()
    expect(zoom).to_have_text(whole)
    open_tab(page, "Lung sound")
    expect(page.locator(".listener .tracks")).to_be_visible()
    expect(page.locator(".tracks .track")).to_have_count(5)
    assert page.locator('[data-testid="stAlertContentError"]').count() == 0
    assert page.locator('[data-testid="stException"]').count() == 0


def test_another_part_does_not_disturb_the_film(page, server):
    sample = assets_folder() / "samples" / SAMPLE
    page.goto(server[0])
    give(page, "image", sample / "image.dcm")
    page.locator('[data-act="in"]').first.click()
    settled(page)
    film = page.locator("canvas").first.element_handle()
    zoom = page.locator(".corners .zoom").inner_text()
    give(page, "notes", sample / "notes.txt")
    expect(page.locator(".note .word").first).to_be_visible()
    assert film.evaluate("canvas => canvas.isConnected"), "the viewer was mounted anew"
    assert page.locator(".corners .zoom").inner_text() == zoom


def test_drag_and_wheel_and_keys_on_the_film(page, server):
    page.goto(server[0])
    give(page, "image", assets_folder() / "samples" / SAMPLE / "image.dcm")
    film = page.locator("canvas").first
    film.scroll_into_view_if_needed()
    settled(page)
    level, zoom = (page.locator(f".corners .{name}") for name in ("level", "zoom"))
    before, whole = level.inner_text(), zoom.inner_text()
    box = film.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] + 40, steps=5)
    page.mouse.up()
    expect(level).not_to_have_text(before)
    page.mouse.wheel(0, -300)
    expect(zoom).not_to_have_text(whole)
    expect(page.locator(".corners .pointer")).to_contain_text("share of the logit")
    film.press("0")
    expect(level).to_have_text(before)
    expect(zoom).to_have_text(whole)
    upright = brightness(page)
    film.press("i")
    page.wait_for_timeout(300)
    assert brightness(page) != upright


def test_the_strongest_evidence_is_shown_on_request(page, server):
    sample = assets_folder() / "samples" / SAMPLE
    page.goto(server[0])
    give(page, "image", sample / "image.dcm")
    give(page, "notes", sample / "notes.txt")
    give(page, "audio", sample / "sound.wav")
    settled(page)
    zoom = page.locator(".corners .zoom")
    whole = zoom.inner_text()
    both = [page.locator(f'[data-act="{act}"]').first for act in ("raising", "lowering")]
    found = [button for button in both if button.is_enabled()]
    assert found  # a map of one sign has one of them
    for button in found:
        button.click()
        expect(zoom).not_to_have_text(whole)
        page.locator("canvas").first.dblclick()
        expect(zoom).to_have_text(whole)
    page.locator("a.jump").first.click()
    expect(page.locator(".word:target")).to_have_count(1)
    clause = page.locator("a.jump").first.inner_text()
    assert clause.startswith(page.locator(".word:target").inner_text())
    open_tab(page, "Lung sound")
    page.get_by_role("button", name="Play from the strongest second").click()
    expect(page.locator(".listener").get_by_role("button", name="Pause")).to_be_visible()


def test_a_what_if_answers_before_and_after(page, server):
    page.goto(server[0])
    give(page, "notes", assets_folder() / "samples" / SAMPLE / "notes.txt")
    give(page, "image", assets_folder() / "samples" / SAMPLE / "image.dcm")
    settled(page)
    open_tab(page, "What if")
    panel = page.locator(".st-key-results")
    panel.get_by_role("tab", name="Chest X-ray").click()
    panel.get_by_text("Erase", exact=True).click()
    expect(panel.get_by_text("Region erased: 50 to 80 %")).to_be_visible()
    expect(panel.locator(".js-plotly-plot")).to_be_visible()
    panel.get_by_role("button", name="Undo all changes").click()
    expect(panel.get_by_text("No changes yet.")).to_be_visible()


def test_the_log_holds_nothing_of_the_case(page, server):
    page.goto(server[0])
    give(page, "notes", assets_folder() / "samples" / SAMPLE / "notes.txt")
    settled(page)
    words = (assets_folder() / "samples" / SAMPLE / "notes.txt").read_text(encoding="utf-8")
    log = server[1].read_text()
    assert "Traceback" not in log
    assert not any(line.strip() in log for line in words.splitlines() if len(line) > 20)
