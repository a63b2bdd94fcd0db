"""The menu of exports, as a reader uses it."""

import json
from pathlib import Path

__all__ = ["exported", "result"]


def exported(page, kind, identified=False):
    """The bytes of one export of the case on the page."""
    page.locator(".st-key-export-menu button:visible").first.click()
    box = page.locator(".st-key-export-identified input")
    if identified != box.is_checked():
        page.locator(".st-key-export-identified label").click()
        page.wait_for_timeout(1500)
    with page.expect_download(timeout=120_000) as waiting:
        page.locator(f".st-key-export-{kind} button:visible").click()
    content = Path(waiting.value.path()).read_bytes()
    page.keyboard.press("Escape")
    return content


def result(page, identified=False):
    """The result as JSON."""
    return json.loads(exported(page, "json", identified))
