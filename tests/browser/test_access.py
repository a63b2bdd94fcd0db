"""WCAG 2.2 A and AA by axe: every page in both themes, and by keyboard alone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mmbm.storage import assets_folder
from tests.browser.test_review import (  # noqa: F401
    PATIENCE,
    app,
    open_sample,
    page,
    server,
    settled,
)
from tests.browser.test_theme import shows
from tests.made_cases import write_manifest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
GRAVE = ("serious", "critical")
PATHS = ("", "model", "compare", "data", "cohorts", "about")


def choose(page, theme):  # noqa: F811
    """Have every document that is opened from now on begin in this theme."""
    page.add_init_script(f"localStorage.setItem('theme', '{theme}')")


def quiet(page):  # noqa: F811
    settled(page)
    page.wait_for_timeout(1500)  # figures fade in
    settled(page)


def faults(page):  # noqa: F811
    """What axe finds serious or critical, all folds open: rule, place and what is wrong there."""
    page.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return [
        f"{fault['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for fault in found
        for node in fault["nodes"]
        if node["impact"] in GRAVE
    ]


def without_faults(page):  # noqa: F811
    found = faults(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("path", PATHS)
def test_no_page_has_a_serious_fault(page, server, path, theme):  # noqa: F811
    choose(page, theme)
    page.goto(f"{server[0]}/{path}")
    expect(page.locator(".research")).to_be_visible(timeout=PATIENCE)
    quiet(page)
    shows(page, theme)
    without_faults(page)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_case_has_no_serious_fault(page, server, theme):  # noqa: F811
    choose(page, theme)
    open_sample(page, server)
    quiet(page)
    shows(page, theme)
    tabs = page.get_by_role("tablist").last.get_by_role("tab").all_inner_texts()
    for tab in tabs:
        page.get_by_role("tab", name=tab, exact=True).last.click()
        quiet(page)
        without_faults(page)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_checked_manifest_has_no_serious_fault(page, server, tmp_path, theme):  # noqa: F811
    choose(page, theme)
    page.goto(f"{server[0]}/data")
    page.get_by_role("textbox").first.fill(str(write_manifest(tmp_path, 32)))
    page.get_by_role("button", name="Check").first.click()
    expect(page.locator(".verdict").first).to_be_visible(timeout=PATIENCE)
    quiet(page)
    without_faults(page)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_two_records_have_no_serious_fault(page, server, theme):  # noqa: F811
    choose(page, theme)
    page.goto(f"{server[0]}/compare")
    record = assets_folder() / "models" / "chest-base" / "evaluation.json"
    page.locator("input[type=file]").first.set_input_files(record)
    expect(page.get_by_role("heading", name="chest-base")).to_be_visible(timeout=PATIENCE)
    quiet(page)
    without_faults(page)


# The focused element's name, and whether it or its keyed container looks otherwise than without.
FOCUSED = """() => {
    let at = document.activeElement;
    while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    if (at === document.body) return null;
    const container = at.closest('[class*="st-key-"]') ?? at.parentElement;
    const around = [at, at.parentElement, container, ...container?.querySelectorAll("*") ?? []];
    const look = () => around.filter(Boolean).map((element) => {
        const style = getComputedStyle(element);
        return [style.outline, style.boxShadow, style.borderColor, style.backgroundColor].join();
    }).join();
    const marked = look();
    at.blur();
    const plain = look();
    at.focus({focusVisible: true});
    const name = at.getAttribute("aria-label") || at.innerText || at.tagName;
    return [name.trim(), marked !== plain];
}"""


def by_keyboard(page):  # noqa: F811
    """The names of all that Tab reaches, each of which shows that it has the focus."""
    reached = []
    for _ in range(200):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None:
            break
        reached.append(focused)
    else:
        pytest.fail(f"the end is never reached: {reached[-5:]}")
    unseen = [name for name, marked in reached if not marked]
    assert not unseen, f"focus cannot be seen on {unseen}"
    return [name for name, _ in reached]


@pytest.mark.parametrize("path", PATHS)
def test_by_keyboard_all_is_reached_and_seen(page, server, path):  # noqa: F811
    page.goto(f"{server[0]}/{path}")
    expect(page.locator(".research")).to_be_visible(timeout=PATIENCE)
    quiet(page)
    names = by_keyboard(page)
    assert names[0] == "Skip to main content"
    pages = [names.index(name) for name in ("Review", "Model", "Compare", "Data", "About")]
    assert pages == sorted(pages) and names.index("Light theme") > pages[-1]


def test_by_keyboard_a_case_is_opened_and_read(page, server):  # noqa: F811
    page.goto(server[0])
    card = page.get_by_role("button", name="Open: Adult, opacity")
    card.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".finding").first).to_be_visible(timeout=PATIENCE)
    quiet(page)
    page.evaluate("document.activeElement.blur()")
    names = by_keyboard(page)
    assert any("contributions" in name or "Pneumonia" in name for name in names), names


def test_every_plotly_figure_has_its_table(page, server):  # noqa: F811
    page.goto(f"{server[0]}/model")
    expect(page.get_by_role("tab").first).to_be_visible(timeout=PATIENCE)
    seen = 0
    for tab in page.get_by_role("tab").all_inner_texts():
        page.get_by_role("tab", name=tab, exact=True).click()
        quiet(page)
        figures = page.locator(".js-plotly-plot").count()
        assert figures <= page.locator("details table").count(), tab
        seen += figures
    assert seen >= 3
