"""Files that are handed in on another page than Review wait there for its button."""

import pytest
from playwright.sync_api import expect

from dashboard.server.arrived import WAIT
from dashboard.server.keeping import LOOK
from mmbm.compare.example import simulated
from tests.browser.test_review import PATIENCE, app, page, server  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LATE = 1000 * (WAIT + 2 * LOOK)  # ms, when a file that is in no hand is taken


def test_score_files_wait_for_the_button_and_their_record_for_the_next_run(
    page,  # noqa: F811
    server,  # noqa: F811
    tiny_model_dir,
):
    page.goto(f"{server[0]}/compare?compare-kind=scores")
    scores = [
        {"name": f"{name}-own.csv", "mimeType": "text/csv", "buffer": table.to_csv().encode()}
        for name, table in simulated(1, cases=80).items()
    ]
    example = page.get_by_text("This is an example: two made-up models")
    expect(example).to_be_visible(timeout=PATIENCE)
    page.locator(".st-key-paired-files input[type=file]").set_input_files(scores)
    page.wait_for_timeout(LATE)
    page.locator(".st-key-paired-run button").click()
    expect(page.get_by_text("model-A-own, model-B-own: 80 cases")).to_be_visible(timeout=PATIENCE)
    expect(example).to_have_count(0)
    page.get_by_text("Evaluation records").first.click()
    page.locator(".st-key-compare-file input[type=file]").set_input_files(
        tiny_model_dir / "evaluation.json"
    )
    same = page.get_by_text("Both records use the same test cases.")
    expect(same).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(LATE)
    page.get_by_role("tab", name="The two records").click()
    page.get_by_role("tab", name="Summary").click()
    expect(same).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Review").first.click()
    expect(page.locator(".st-key-place-image")).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(LATE)
    expect(page.locator(".facts")).to_have_count(0)  # none of them became a part of a case
