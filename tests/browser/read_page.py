"""All that a page says to a reader: its texts, names, tips and hints, in the shadow DOM as well."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tests.made_terms import SCREEN, without
from tests.made_terms import english as words_of_english

COLLECT = """() => {
  const silent = "script, style, noscript, template, code, [translate=no]";
  const named = ["aria-label", "aria-description", "aria-roledescription", "aria-valuetext",
                 "title", "placeholder", "alt"];
  const found = [];
  const place = (e) => {
    const outer = e.closest("[data-testid]") ?? e.getRootNode().host?.closest("[data-testid]");
    const name = `${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""}`;
    return `${outer?.dataset.testid ?? ""} ${name}`;
  };
  const visit = (root) => {
    for (const e of root.querySelectorAll("*")) {
      if (e.closest(silent)) continue;
      if (e.shadowRoot) visit(e.shadowRoot);
      for (const name of named) {
        const said = e.getAttribute(name);
        if (said) found.push([said, name, place(e)]);
      }
      if (!e.checkVisibility() || e.tagName === "TEXTAREA") continue;
      for (const node of e.childNodes)
        if (node.nodeType === Node.TEXT_NODE && node.data.trim())
          found.push([node.data.trim(), "text", place(e)]);
      for (const side of ["::before", "::after"]) {
        const drawn = getComputedStyle(e, side).content;
        if (/^"[^"]*[A-Za-z]/.test(drawn)) found.push([drawn.slice(1, -1), side, place(e)]);
      }
    }
  };
  visit(document);
  found.push([document.title, "title", "document"]);
  return found;
}"""
# Authors and institutions in citations, and hashes.
CITED = re.compile(
    r"引用[^。]*。|[A-Z][\w-]+ et al\.[^。，；）]*|\b[0-9a-f]{8,64}\b|Indiana University"
)


class Said(NamedTuple):
    """A text, how it is said ("text", or an attribute), and by what."""

    text: str
    how: str
    place: str


def said(page) -> list[Said]:
    """All that the page says now."""
    return [Said(*found) for found in page.evaluate(COLLECT)]


def english(found: Iterable[Said], given: Iterable[str] = ()) -> list[str]:
    """What is said in English, but terms, code and what stands in the given texts."""
    return list(dict.fromkeys(_english(found, [" ".join(text.split()) for text in given])))


def _english(found: Iterable[Said], given: list[str]) -> Iterator[str]:
    for text, how, place in found:
        parts = [" ".join(part.split()).strip(" .,;") for part in text.split("…")]
        if any(all(part in one for part in parts) for one in given):
            continue
        if words_of_english(without(CITED.sub("", text), given), SCREEN, code=False):
            yield f"{' '.join(text.split())!r} ({how}; {place})"


def opened(page, settled: Callable[[object], None]) -> Iterator[list[Said]]:
    """What the page says with each of its folds, menus and tabs open, one after another."""
    yield said(page)
    for _ in range(20):
        closed = page.locator("details:not([open]) > summary:visible")
        if closed.count() == 0:
            break
        closed.first.click()
        settled(page)
    yield said(page)
    for number in range(page.get_by_test_id("stPopover").count()):
        page.get_by_test_id("stPopover").nth(number).get_by_role("button").first.click()
        page.wait_for_timeout(500)
        yield said(page)
        page.keyboard.press("Escape")
    for number in range(page.get_by_role("tab").count()):
        tab = page.get_by_role("tab").nth(number)
        if not tab.is_visible():
            continue
        tab.click()
        settled(page)
        yield said(page)
