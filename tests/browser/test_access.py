"""WCAG 2.2 A and AA by axe: every page in both themes, and by keyboard alone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mmbm.storage.assets import assets_folder
from tests.browser.test_review import PATIENCE, app, page, server, settled  # noqa: F401
from tests.browser.test_theme import shows
from tests.made_cases import write_manifest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
GRAVE = ("serious", "critical")
PATHS = ("", "model", "compare", "data", "about")


def choose(page, theme):  # noqa: F811
    """Have every document that is opened from now on begin in this theme."""
    page.add_init_script(f"localStorage.setItem('theme', '{theme}')")


def open_sample(page, server):  # noqa: F811
    """The Review page with the sample of an adult with an opacity."""
    page.goto(server[0])
    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name="Adult, opacity").click()
    expect(page.locator(".meter").first).to_be_visible(timeout=PATIENCE)


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
    without_faults(page)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_checked_manifest_has_no_serious_fault(page, server, tmp_path, theme):  # noqa: F811
    choose(page, theme)
    page.goto(f"{server[0]}/data")
    page.get_by_role("textbox").first.fill(str(write_manifest(tmp_path, 32)))
    page.get_by_role("button", name="Check").first.click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    quiet(page)
    without_faults(page)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_two_records_have_no_serious_fault(page, server, theme):  # noqa: F811
    choose(page, theme)
    page.goto(f"{server[0]}/compare")
    record = assets_folder() / "models" / "chest-base" / "evaluation.json"
    page.locator("input[type=file]").first.set_input_files(record)
    expect(page.locator("table").first).to_be_visible(timeout=PATIENCE)
    quiet(page)
    without_faults(page)


# The focused element: its name, and whether it or what is around it looks otherwise than without.
FOCUSED = """() => {
    let at = document.activeElement;
    while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    if (at === document.body) return null;
    const around = [at, at.parentElement, at.parentElement?.parentElement].filter(Boolean);
    const look = () => around.map((element) => {
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


@pytest.mark.parametrize("path", PATHS)
def test_by_keyboard_all_is_reached_once_and_seen(page, server, path):  # noqa: F811
    page.goto(f"{server[0]}/{path}")
    expect(page.locator(".research")).to_be_visible(timeout=PATIENCE)
    quiet(page)
    reached = []
    for _ in range(200):
        page.keyboard.press("Tab")
        if (focused := page.evaluate(FOCUSED)) is None:
            break
        reached.append(focused)
    else:
        pytest.fail(f"the end is never reached: {reached[-5:]}")
    unseen = [name for name, marked in reached if not marked]
    assert not unseen, f"focus cannot be seen on {unseen}"
    names = [name for name, _ in reached]
    assert names[0] == "Skip to main content"
    pages = [names.index(name) for name in ("Review", "Model", "Compare", "Data", "About")]
    assert pages == sorted(pages) and names.index("Light theme") > pages[-1]


def test_every_plotly_figure_has_its_table(page, server):  # noqa: F811
    page.goto(f"{server[0]}/model")
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    quiet(page)
    tables = page.locator("details table").count()
    assert page.locator(".js-plotly-plot").count() <= tables
