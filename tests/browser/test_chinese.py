"""In Chinese the page says no word of English, its widgets, refusals and warnings included."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from mmbm.model.checkpoint import find, shipped
from mmbm.storage import assets_folder
from tests.browser.read_page import Said, english, opened, said
from tests.browser.test_review import (  # noqa: F401
    APP,
    CHROMIUM_ARGS,
    PATIENCE,
    app,
    chromium,
    free_port,
    page,
    server,
    settled,
    wait_for,
)
from tests.made_files import dicom

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SAMPLE = assets_folder() / "samples" / "adult-opacity"
FILES = ("image.dcm", "notes.txt", "sound.wav")
# Said of the patient's files in the words of the files.
OF_FILES = (
    "PCM_S16LE",
    "Explicit VR Little Endian",
    "CR CHEST PA",
    "JPEG 2000 Image Compression (Lossless Only)",
    "DX CHEST PA",
)
NAMES = (  # of the shipped model, its networks and its sources
    *("chest-base", "training.md", "test_efficientnet", "sprsound", "hls_cmds", "drawn"),
    *("nih", "siim", "openi", "kermany", "ieee8023", "mmbm data check", "mmbm evaluate --json"),
    *("/data/manifest.csv", "/data/scores.csv", "mmbm cohort", "mmbm benchmark"),
    *("cpu", "CPU", "benchmarks/subsets.py"),
)


@pytest.fixture(scope="module", autouse=True)
def shipped_model():
    """The pages show the shipped model: its card and record are the longest."""
    with pytest.MonkeyPatch.context() as patch:
        if "MMBM_MODEL" not in os.environ and shipped():
            patch.setenv("MMBM_MODEL", str(find(shipped()[0])))
        yield


def hand_in(page, *files):  # noqa: F811
    """Hand files in together; each goes to the part that it is."""
    page.locator("input[type=file]").first.set_input_files(files)


def load_sample(page):  # noqa: F811
    """The sample case, read and scored, with its words and file names."""
    hand_in(page, *(SAMPLE / name for name in FILES))
    expect(page.locator(".meter, [role=meter]").first).to_be_visible(timeout=PATIENCE)
    quiet(page)
    return [*FILES, *OF_FILES, (SAMPLE / "notes.txt").read_text(encoding="utf-8")]


def of_table(name):
    """What a shipped example of a table holds: its columns, names and values."""
    file = assets_folder() / name
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    cells = {cell for row in csv.reader(lines) for cell in row if len(cell) > 1}
    return cells | {file.name} | {Path(cell).name for cell in cells}


def quiet(page):  # noqa: F811
    """Settled, and nothing is still being computed in the background."""
    settled(page)
    page.wait_for_timeout(1000)
    settled(page)


def in_chinese(page, address, name=""):  # noqa: F811
    page.goto(f"{address}/{name}?language=zh")
    expect(page.get_by_text("仅供研究，不是医疗器械").first).to_be_visible(timeout=PATIENCE)
    quiet(page)


def chinese(page, given=()):  # noqa: F811
    """Fails with what any tab or fold of the page says in English."""
    every = [one for part in opened(page, quiet) for one in part]
    remains = english(every, [*given, *NAMES])
    assert not remains, "\n".join(remains)


@pytest.mark.parametrize("name", ["", "model", "compare", "data", "cohorts", "about"])
def test_a_page_at_first_sight(page, server, name):  # noqa: F811
    in_chinese(page, server[0], name)
    table = {"data": "example/manifest.csv", "cohorts": "cohort/cohort.csv"}.get(name)
    given = of_table(table) if table else ()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    chinese(page, given)


def test_a_case_with_all_its_reasons(page, server):  # noqa: F811
    in_chinese(page, server[0])
    given = load_sample(page)
    chinese(page, given)


def test_refusals_and_warnings(page, server, tmp_path):  # noqa: F811
    in_chinese(page, server[0])
    damaged = tmp_path / "damaged.pdf"
    damaged.write_bytes(b"%PDF-1.7 and nothing else")
    film = tmp_path / "ramp.dcm"
    film.write_bytes(dicom())
    large = tmp_path / "large.dcm"
    with large.open("wb") as file:
        file.truncate(70 * 2**20)
    hand_in(page, film)
    quiet(page)
    hand_in(page, damaged)
    expect(page.get_by_text("无法读取").first).to_be_visible(timeout=PATIENCE)
    hand_in(page, large)
    expect(page.get_by_text("文件不得超过").first).to_be_attached(timeout=PATIENCE)
    quiet(page)
    given = [file.name for file in (damaged, film, large)]
    chinese(page, [*given, *OF_FILES])


def test_a_word_of_english_is_found(page, server):  # noqa: F811
    in_chinese(page, server[0])
    page.evaluate("document.querySelector('button').title = 'Choose a file'")
    assert [line for line in english(said(page), NAMES) if "Choose a file" in line]
    assert english([Said("肺炎 unlikely", "text", "")]) and not english([Said("DICOM", "text", "")])


def test_streamlits_words_come_and_go_with_the_language(page, server):  # noqa: F811
    page.goto(server[0])
    settled(page)
    upload = page.locator('[data-testid="stFileUploaderDropzone"]').first
    expect(upload).to_contain_text("per file", timeout=PATIENCE)
    for language, words, tag in (
        ("中文", "上限", "zh-CN"),
        ("English", "per file", "en"),
    ):
        page.get_by_text(language, exact=True).click()
        expect(upload).to_contain_text(words, timeout=PATIENCE)
        assert page.evaluate("document.documentElement.lang") == tag


def test_words_like_streamlits_in_a_note_stay_as_they_are(page, server, tmp_path):  # noqa: F811
    in_chinese(page, server[0])
    note = tmp_path / "Upload.txt"
    note.write_text("Stop\nfever, cough\nReset", encoding="utf-8")
    hand_in(page, note)
    expect(page.locator(".note").first).to_contain_text("Stop", timeout=PATIENCE)
    quiet(page)
    shown = page.locator(".note").first.inner_text()
    assert "Stop" in shown and "Reset" in shown
    assert page.get_by_text("Upload.txt").count()


@pytest.mark.parametrize("locale, sentence", [("zh-CN", "仅供研究"), ("en-US", "Research use")])
def test_the_browsers_language_from_the_first_word_on(server, chrome, locale, sentence):  # noqa: F811
    """No word of the other language is drawn before it."""
    other = {"仅供研究": "Research use", "Research use": "仅供研究"}[sentence]
    context = chrome.new_context(locale=locale)
    opened_page = context.new_page()
    opened_page.add_init_script(
        f"""new MutationObserver(() => {{
            if (document.body?.innerText.includes("{other}")) window.flashed = true;
        }}).observe(document, {{subtree: true, childList: true, characterData: true}})"""
    )
    opened_page.goto(server[0])
    expect(opened_page.get_by_text(sentence).first).to_be_visible(timeout=PATIENCE)
    settled(opened_page)
    assert opened_page.evaluate("window.flashed") is None
    assert "language=" not in opened_page.url
    context.close()


def test_a_lost_server_is_said_in_chinese(chrome, tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=APP.parents[1], stdout=log, stderr=log)
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
        lost = chrome.new_page()
        in_chinese(lost, f"http://127.0.0.1:{port}", "about")
        process.terminate()
        process.wait(30)
        expect(lost.get_by_text("连接错误")).to_be_visible(timeout=PATIENCE)
        lost.wait_for_timeout(1000)
        assert english(said(lost), NAMES) == []
        lost.close()
