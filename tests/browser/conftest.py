from __future__ import annotations

import os

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.test_review import APP, CHROMIUM_ARGS, chromium, serving


@pytest.fixture(scope="session")
def common_server(request, tmp_path_factory):
    """One server of the dashboard as it is, for all modules that ask for no other."""
    model = os.environ.get("MMBM_MODEL") or str(request.getfixturevalue("tiny_model_dir"))
    with serving(APP, model, tmp_path_factory.mktemp("server") / "log.txt") as (address, log):
        yield address, log


@pytest.fixture(scope="module")
def driver():
    """Playwright; no longer than a module, for asyncio does not run beside it."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def chrome(driver):
    """A browser; each test takes a context of its own in it."""
    browser = driver.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def drawing_chrome(driver):
    """A browser that draws by WebGL in software."""
    args = [*CHROMIUM_ARGS, "--enable-unsafe-swiftshader"]
    browser = driver.chromium.launch(executable_path=chromium(), args=args)
    yield browser
    browser.close()
