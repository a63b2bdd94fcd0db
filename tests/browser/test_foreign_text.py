"""Text from elsewhere runs nothing, asks nobody and breaks no page: 60 payloads in 10 places.

CI takes a few of each kind; ``MMBM_FULL=1`` takes them all, in about a quarter of an hour.
The content security policy is switched off here, so that the escaping holds by itself; that the
policy holds by itself has a test of its own.
"""

import csv
import json
import os
import shutil
import urllib.parse
import urllib.request
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from mmbm.storage import sign
from tests.browser.test_nothing_stays import home, running, server  # noqa: F401
from tests.browser.test_review import (
    CHROMIUM_ARGS,
    FROM_PAGE,
    PATIENCE,
    chromium,
    give,
    open_tab,
    settled,
    unfold,
)
from tests.made_files import dicom
from tests.made_payloads import HTML, MARKDOWN, OTHER, PAYLOADS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.attack]

LONGEST = 100  # characters of a name in a model's settings
FEW = [*MARKDOWN[0:24:8], *HTML[1:20:6], *OTHER[0:8:3]]
SOME = PAYLOADS if os.environ.get("MMBM_FULL") else FEW


@pytest.fixture(scope="module")
def browser_page():
    """A page without the policy that records what it asks for and whether a payload talked."""
    asked, talked = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGS)
        context = browser.new_context(viewport={"width": 1400, "height": 900}, bypass_csp=True)
        context.on("request", lambda request: asked.append(request.url))
        context.on("page", lambda opened: asked.append(f"http://opened.invalid/{opened.url}"))
        page = context.new_page()
        asked.clear()
        page.on("dialog", lambda dialog: (talked.append(dialog.message), dialog.dismiss()))
        page.set_default_timeout(PATIENCE)
        yield page
        browser.close()
    foreign = [u for u in asked if not u.startswith(FROM_PAGE)]
    assert not [u for u in foreign if urlsplit(u).hostname != "127.0.0.1"]
    assert not talked


def harmless(page):
    """No script ran, nothing covers the page, nothing is wider than it, nothing leads elsewhere."""
    settled(page)
    assert page.evaluate("window.ran") is None
    assert page.url.startswith("http://127.0.0.1")
    expect(page.locator(".research")).to_be_visible()
    wide = page.evaluate(
        """() => [document.scrollingElement, ...document.querySelectorAll(
                '[data-testid="stMain"], [data-testid="stSidebarContent"]')]
            .filter(e => e.scrollWidth > e.clientWidth + 1)
            .flatMap(e => [...e.querySelectorAll("*")]
                .filter(x => x.getBoundingClientRect().right
                    > e.getBoundingClientRect().right + 1 && !x.closest(".wide, svg"))
                .map(x => `${x.tagName} ${x.getBoundingClientRect().width} ${x.innerText}`)
                .map(said => said.slice(0, 80)))"""
    )
    assert not wide, "\n".join(wide)
    covered = page.evaluate(
        """() => {
            const top = document.elementFromPoint(700, 450);
            return top.closest('[data-testid="stApp"]') === null;
        }"""
    )
    assert not covered
    leading = page.eval_on_selector_all(
        '[data-testid="stMain"] a[href], [data-testid="stSidebar"] a[href]',
        "links => links.map(l => l.href).filter(h => !h.startsWith(location.origin))",
    )
    assert leading == []
    assert page.locator('[data-testid="stException"]').count() == 0


def write(page, text):
    """Type a note."""
    unfold(page)
    place = page.locator(".st-key-place-notes")
    place.get_by_role("tab", name="Type").click()
    box = place.locator("[data-stale='false'] textarea").first  # an old one may still be there
    box.fill(text)
    box.press("Control+Enter")
    expect(place.locator(".facts")).to_contain_text("typed", timeout=PATIENCE)


def use(address, folder):
    query = urllib.parse.urlencode({"model": str(folder)})
    with urllib.request.urlopen(f"{address}/use?{query}", timeout=10):
        pass


def a_model(source, folder, payloads):
    """A copy of a model whose names, findings, sources, columns and card are payloads."""
    shutil.copytree(source, folder)
    first, second, third, fourth = (json.dumps(name(p)) for p in payloads)
    for file in ("config.json", "card.json", "evaluation.json"):
        text = (folder / file).read_text(encoding="utf-8")
        for was, is_now in (
            ('"pneumonia"', first),
            ('"no_finding"', second),
            ('"north"', third),
            ('"south"', fourth),
            ('"tiny"', third),
            ('"0.0.1"', fourth),
        ):
            text = text.replace(was, is_now)
        (folder / file).write_text(text, encoding="utf-8")
    (folder / "card.md").write_text("\n\n".join(["# Card", *payloads]), encoding="utf-8")
    with (folder / "training.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["epoch", "train_loss", *(f"{payloads[0]}/all/{p}" for p in payloads)])
        rows.writerows([[1, 0.9, *[0.5] * 4], [2, 0.7, *[0.6] * 4]])
    sign(folder)
    return folder


@pytest.fixture(scope="module")
def source_model(request):
    return request.getfixturevalue("tiny_model_dir")


def fours():
    whole = [SOME[i : i + 4] for i in range(0, len(SOME), 4)]
    return [four + SOME[: 4 - len(four)] for four in whole]


@pytest.mark.parametrize("payloads", fours(), ids=range(len(fours())))
def test_a_model_of_payloads(browser_page, running, source_model, tmp_path, payloads):  # noqa: F811
    page, address = browser_page, running[1]
    use(address, a_model(source_model, tmp_path / "model", payloads))
    page.goto(f"{address}/model")
    expect(page.get_by_role("tab", name="By source")).to_be_visible(timeout=PATIENCE)
    for tab in page.get_by_role("tab").all():
        tab.click()
        settled(page)
        harmless(page)
    assert page.locator('[data-testid="stAlert"]').filter(has_text="could be loaded").count() == 0
    page.goto(address)
    note = tmp_path / f"{named(payloads[0])}.txt"
    note.write_text("fever, cough", encoding="utf-8")
    film = tmp_path / f"{named(payloads[1])}.dcm"
    windows = {"WindowCenter": 2000, "WindowWidth": 3000}
    film.write_bytes(dicom(WindowCenterWidthExplanation=short(payloads[2]), **windows))
    give(page, "notes", note)
    give(page, "image", film)
    expect(page.locator(".finding").first).to_be_visible(timeout=PATIENCE)
    harmless(page)
    write(page, "\n".join([*payloads, "fever, cough"]))  # a file of it would be read as a web page
    for tab in ("X-ray map", "Look closer", "What if"):
        open_tab(page, tab)
        settled(page)
        harmless(page)


def name(payload):
    """A payload as a name of a model or finding: printable, one line, not too long."""
    return "".join(c for c in " ".join(payload.split()) if c.isprintable())[:LONGEST].strip()


def named(payload):
    """A payload as a file's name; backslashes are slashes to a browser."""
    return "".join(c for c in payload.replace("/", "\\") if c.isprintable())[:60]


def short(payload):
    """A payload as a long string of DICOM: 64 characters, no backslash, ASCII."""
    return "".join(c for c in payload if c.isascii() and c.isprintable() and c != "\\")[:64]


def asked_to_check(page, path):
    box = page.get_by_role("textbox")
    box.first.fill(str(path))
    page.get_by_role("button", name="Check").first.click()


@pytest.mark.parametrize("payload", SOME, ids=range(len(SOME)))
def test_a_manifest_whose_column_and_name_are_payloads(browser_page, running, tmp_path, payload):  # noqa: F811
    page, address = browser_page, running[1]
    path = tmp_path / f"{named(payload)}.csv"
    with path.open("w", newline="", encoding="utf-8", errors="replace") as file:
        csv.writer(file).writerows([["case_id", payload, payload], ["a", "b", "c"]])
    page.goto(f"{address}/data")
    asked_to_check(page, path)
    expect(page.locator('[data-testid="stAlert"]').first).to_be_visible(timeout=PATIENCE)
    harmless(page)


def test_a_manifest_of_payloads(browser_page, running, tmp_path):  # noqa: F811
    page, address = browser_page, running[1]
    path = tmp_path / "manifest.csv"
    head = ["case_id", "patient_id", "source", "split", "image", "notes", "audio", "notes_text"]
    with path.open("w", newline="", encoding="utf-8", errors="replace") as file:
        rows = csv.writer(file)
        rows.writerow([*head, SOME[0], SOME[-1], "sound:" + SOME[1]])
        for number, payload in enumerate(SOME * 2):
            split = ("train", "test")[number % 2]
            film = named(payload) if number < 9 else ""
            cells = [f"{number} {payload}", payload, payload, split, film, "", ""]
            rows.writerow([*cells, f"cough {payload}", number % 2, (number + 1) % 2, 1])
    page.goto(f"{address}/data")
    asked_to_check(page, path)
    expect(page.get_by_role("heading", name="Issues")).to_be_visible(timeout=PATIENCE)
    harmless(page)


def test_the_policy_by_itself_lets_nothing_through(browser_page, server):  # noqa: F811
    page = browser_page.context.browser.new_context().new_page()
    answer = page.goto(server[0])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    settled(page)
    blocked = page.evaluate(
        """() => new Promise(done => {
            const blocked = [];
            document.addEventListener("securitypolicyviolation", e => {
                blocked.push(e.effectiveDirective);
                if (blocked.length === 3) done(blocked);
            });
            const add = (name, set) => document.body.append(
                Object.assign(document.createElement(name), set));
            add("script", {textContent: "window.ran = 1"});
            document.body.insertAdjacentHTML("beforeend", "<b onclick='window.ran = 1'>x</b>");
            document.body.lastChild.click();
            add("iframe", {src: "data:text/html,x"});
        })"""
    )
    assert blocked == ["script-src-elem", "script-src-attr", "frame-src"]
    assert page.evaluate("window.ran") is None
