"""What the intake does with files, in a real browser."""

import pytest
from playwright.sync_api import expect

from mmbm.storage import assets_folder
from tests.browser.test_review import (  # noqa: F401
    PATIENCE,
    SAMPLE,
    app,
    give,
    of_finding,
    page,
    server,
    settled,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CASE = assets_folder() / "samples" / SAMPLE
FILES = {"image": "image.dcm", "notes": "notes.txt", "audio": "sound.wav"}


def read(page, part):  # noqa: F811
    return page.locator(f".st-key-read-{part} .facts")


@pytest.mark.parametrize("place", FILES)
def test_three_files_dropped_at_once_are_one_case(page, server, place):  # noqa: F811
    page.goto(server[0])
    uploader = page.locator(f".st-key-place-{place} input[type=file]").first
    uploader.set_input_files([CASE / name for name in FILES.values()])
    for part, name in FILES.items():
        expect(read(page, part)).to_contain_text(name, timeout=PATIENCE)
    expect(page.locator(".finding")).to_have_count(2, timeout=PATIENCE)


def test_a_new_file_replaces_a_part_and_a_refused_one_leaves_it(page, server, tmp_path):  # noqa: F811
    page.goto(server[0])
    give(page, "notes", CASE / "notes.txt")
    other = tmp_path / "other.txt"
    other.write_text("No fever and no cough.")
    uploader = page.locator(".st-key-place-notes input[type=file]").first
    uploader.set_input_files(other)
    expect(read(page, "notes")).to_contain_text("other.txt", timeout=PATIENCE)
    damaged = tmp_path / "damaged.pdf"
    damaged.write_bytes(b"%PDF-1.7 and nothing else")
    uploader.set_input_files(damaged)
    refused = page.locator(".st-key-read-notes [data-testid=stAlert]")
    expect(refused).to_contain_text("could not be read", timeout=PATIENCE)
    expect(refused).to_contain_text("the earlier one stays in the case")
    expect(read(page, "notes")).to_contain_text("other.txt")


def test_a_file_over_the_limit_says_so_where_it_was_dropped(page, server, tmp_path):  # noqa: F811
    page.goto(server[0])
    give(page, "image", CASE / "image.dcm")
    large = tmp_path / "large.dcm"
    with large.open("wb") as file:
        file.truncate(70 * 2**20)
    place = page.locator(".st-key-place-image")
    place.locator("input[type=file]").first.set_input_files(large)
    expect(place.get_by_text("File must be 64.0MB or smaller")).to_be_visible(timeout=PATIENCE)
    box = place.get_by_text("File must be 64.0MB or smaller").bounding_box()
    assert box["width"] > 50 and box["height"] > 10, "only a screen reader would hear it"
    expect(read(page, "image")).to_contain_text("image.dcm")


def test_language_and_finding_survive_a_reload(page, server):  # noqa: F811
    page.goto(server[0])
    give(page, "notes", CASE / "notes.txt")
    page.get_by_role("button", name="Explain: No opacity seen").click()
    expect(page.get_by_role("heading", name=of_finding("No opacity seen"))).to_be_visible(
        timeout=PATIENCE
    )
    page.get_by_text("中文").click()
    expect(page.get_by_text("仅供研究，不是医疗器械").first).to_be_visible(timeout=PATIENCE)
    settled(page)
    page.reload()
    expect(page.get_by_text("仅供研究，不是医疗器械").first).to_be_visible(timeout=PATIENCE)
    assert "language=zh" in page.url and "finding=no_finding" in page.url
    give(page, "notes", CASE / "notes.txt")
    chosen = page.locator(".finding.chosen .finding-name")
    expect(chosen).to_contain_text("未见肺内阴影", timeout=PATIENCE)
