"""What was handed in is gone with the case: from memory, from disk, from every address."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import watched
from tests.browser.exports import exported
from tests.browser.test_review import (  # noqa: F401
    PATIENCE,
    free_port,
    give,
    page,
    settled,
    unfold,
    wait_for,
)
from tests.made_planted import mark, marks_in, planted

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AFTER = 10  # seconds from "New case" until nothing is left
LIMIT = 64 * 2**20


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where the server may write: its home and its folder for temporary files."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def running(request, home):
    """The watched server's process, address and log, started in another folder."""
    port, log = free_port(), home.parent / "watched.log"
    root = Path(watched.__file__).parents[2]
    model = os.environ.get("MMBM_MODEL") or str(request.getfixturevalue("tiny_model_dir"))
    places = {"HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(root), "MMBM_MODEL": model}
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, watched.__file__, str(port)],
            cwd=home,
            env=os.environ | places,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/_stcore/health", process)
        yield process, address, log
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def server(running):
    """What the page fixture wants."""
    return running[1], running[2]


def watch(address, query=""):
    with urllib.request.urlopen(f"{address}/watch{query}", timeout=120) as answer:
        return json.load(answer)


def status(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def files_open_for_writing(process):
    """The regular files that a process and its children hold open, deleted ones too."""
    found = set()
    family = [process.pid, *children(process.pid)]
    for pid in family:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                target = str(link.readlink())
                flags = Path(f"/proc/{pid}/fdinfo/{link.name}").read_text()
            except OSError:
                continue
            mode = int(flags.split("flags:")[1].split()[0], 8) & os.O_ACCMODE
            if target.startswith("/") and mode != os.O_RDONLY and not target.startswith("/dev/"):
                found.add(target)
    return found


def children(pid):
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def written(home):
    return {path for path in home.rglob("*") if path.is_file()}


def test_ten_seconds_after_new_case_nothing_is_left(page, running, home, tmp_path):  # noqa: F811
    _, address, log = running
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    (image, notes, audio, older), _ = planted(tmp_path)
    page.goto(address)
    give(page, "image", image)
    give(page, "notes", older)
    give(page, "notes", notes)  # in the place of the one before
    give(page, "audio", audio)
    unfold(page)
    page.get_by_role("tab", name="Type").click()
    page.get_by_role("textbox", name="Notes in English").fill(f"{mark(98)} coughs, has fever.")
    page.get_by_role("textbox", name="Notes in English").press("Control+Enter")
    expect(page.locator(".note").first).to_contain_text(mark(98), timeout=PATIENCE)
    expect(page.locator(".finding").first).to_be_visible(timeout=PATIENCE)
    settled(page)
    for kind in ("json", "fhir", "pdf", "dicom"):
        content = exported(page, kind)
        assert len(content) > 1000 and not marks_in(content), kind
    before = watch(address, "?held")
    assert before["held"], "the watch sees what the session holds"
    assert before["uploads"] == 0, "an upload is let go once it is handed in"
    assert before["media"]

    page.get_by_role("button", name="New case").click()
    expect(page.locator(".finding")).to_have_count(0, timeout=PATIENCE)
    time.sleep(AFTER)
    after = watch(address, "?held")
    assert after["held"] == []
    assert after["uploads"] == 0 and after["media"] == []
    reached = {
        url
        for url in asked
        if url.startswith((f"{address}/media/", f"{address}/_stcore/upload_file/"))
    }
    assert len(reached) >= 5  # four files and a sound, at least
    assert {status(url) for url in reached} == {404}
    assert not marks_in(log.read_bytes(), *(path.read_bytes() for path in written(home)))
    assert not marks_in(*(str(path) for path in written(home)))


def test_a_session_ends_thirty_seconds_after_its_browser(page, running, tmp_path):  # noqa: F811
    address = running[1]
    (image, *_), _ = planted(tmp_path)
    page.goto(address)
    give(page, "image", image)
    settled(page)
    page.close()
    end = time.monotonic() + 45
    while watch(address)["sessions"] and time.monotonic() < end:
        time.sleep(1)
    found = watch(address, "?held")
    assert found["sessions"] == 0 and found["uploads"] == 0 and found["media"] == []
    assert found["held"] == []


def test_a_large_upload_touches_no_disk(page, running, home, tmp_path):  # noqa: F811
    process, address, log = running
    large = tmp_path / "large.dcm"
    large.write_bytes(os.urandom(40 * 2**20))
    seen = set()
    page.goto(address)
    settled(page)
    home.chmod(0o500)  # and no temporary file could be made
    try:
        before = files_open_for_writing(process)
        part = page.locator(".st-key-place-image")
        part.locator("input[type=file]").first.set_input_files(large)
        refusal = part.locator('[data-testid="stAlert"]')
        end = time.monotonic() + PATIENCE / 1000
        while not refusal.count() and time.monotonic() < end:
            seen |= files_open_for_writing(process) - before
            page.wait_for_timeout(20)
        expect(refusal).to_be_visible()
    finally:
        home.chmod(0o700)
    assert not seen
    assert not written(home) or all(path.stat().st_size < 2**16 for path in written(home))
    assert "Traceback" not in log.read_text()
