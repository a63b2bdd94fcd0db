import ast
from pathlib import Path

import plotly.graph_objects as go
import pytest
from markdown_it import MarkdownIt

import dashboard
from dashboard.figures.look import plain
from dashboard.foreign import document, escape, verbatim
from tests.made_payloads import PAYLOADS

JOINER = "\N{WORD JOINER}"


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_markdown_shows_it_word_for_word(payload):
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(verbatim(payload))
    assert [t.type for t in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {t.type for t in tokens[1].children} <= {"text", "text_special", "entity"}
    shown = "".join(t.content for t in tokens[1].children).replace(JOINER, "")
    assert escape(shown) == " ".join(escape(payload).split())


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_a_document_has_no_link_picture_or_html(payload):
    page = document(f"# Card\n\n{payload}\n\n| a |\n| - |\n| b |\n")
    assert "<h1>Card</h1>" in page
    names = {tag.split(">")[0].split(" ")[0].strip("/") for tag in page.split("<")[1:]}
    assert names <= {
        "h1", "h2", "p", "em", "strong", "code", "pre", "ul", "ol", "li", "table", "thead", "tbody",
        "tr", "th", "td", "blockquote", "hr", "br",
    }  # fmt: skip


def test_a_heading_of_ones_own_is_as_it_was_written():
    assert verbatim("Pneumonia, 91 %") == "Pneumonia, 91 %"
    assert verbatim("12:30") == f"{JOINER}12:{JOINER}30"
    assert escape("<b> & \x00\u202ex") == "&lt;b&gt; &amp; x"


def test_names_in_a_figure_are_shown_not_read():
    names = ["<a href='http://ask.example.invalid'>x</a>", "south", "W" * 80 + "1", "W" * 80 + "2"]
    figure = plain(go.Figure(go.Bar(x=[1, 2, 3, 4], y=names, name="<b>")), 100)
    (bar,) = figure.data
    assert bar.y[0].startswith("&lt;a href=&#x27;") and bar.y[1] == "south"
    assert len(set(bar.y)) == 4  # names that would be the same without their middles keep them
    assert bar.name == "&lt;b&gt;" and tuple(bar.x) == (1, 2, 3, 4)


# What Streamlit reads as Markdown: these functions' words, and what their format_func returns.
MARKDOWN = {
    "badge", "button", "caption", "checkbox", "download_button", "error", "expander",
    "file_uploader", "form_submit_button", "header", "image", "info", "link_button", "markdown",
    "metric", "number_input", "pills", "popover", "progress", "radio", "segmented_control",
    "selectbox", "slider", "spinner", "subheader", "success", "tabs", "text_area", "text_input",
    "title", "toast", "toggle", "warning", "write", "audio_input", "chat_input", "status",
}  # fmt: skip
WORDS = {"label", "body", "text", "caption", "help", "format_func"}
PLAIN_OPTIONS = {"selectbox", "multiselect"}  # their options are shown as they are


def own(node):
    """Whether an expression holds words of this program alone, or foreign ones made verbatim."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", "")
        return name == "verbatim" or (name == "say" and not node.keywords)
    if isinstance(node, ast.Lambda):
        return own(node.body)
    if isinstance(node, ast.IfExp):
        return own(node.body) and own(node.orelse)
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
        return False
    if isinstance(node, ast.JoinedStr):
        return all(own(v.value) for v in node.values if isinstance(v, ast.FormattedValue))
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        return own(node.elt)
    return all(own(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


# Expressions whose words are this program's, chosen from its own texts before.
KNOWN = {
    "dashboard/frame.py": {"lambda language: LANGUAGES[language]"},
    "dashboard/parts/bulk.py": {"say(key, n=len(chosen)) if chosen else say(key)"},
    "dashboard/parts/closer.py": {"label"},
}
NUMBERS = {"second", "seconds", "frames", "count", "part", "level", "parts", "n"}


def markdown_words(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        function = getattr(call.func, "attr", "")
        if function not in MARKDOWN or not isinstance(call.func, ast.Attribute):
            continue
        if getattr(call.func.value, "id", "") not in ("st", "place", "bar", "left", "right"):
            continue
        at = 1 if function == "progress" else 0
        if len(call.args) > at and function != "image":
            yield call.args[at]
        for keyword in call.keywords:
            if keyword.arg in WORDS and not (
                keyword.arg == "format_func" and function in PLAIN_OPTIONS
            ):
                yield keyword.value


def of_numbers(node):
    """``say`` with values that are numbers or this program's own words."""
    node = node.body if isinstance(node, ast.Lambda) else node
    if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say"):
        return isinstance(node, ast.JoinedStr)  # of a level, in per cent
    return {k.arg for k in node.keywords} <= NUMBERS


ROOT = Path(dashboard.__file__).parents[1]


@pytest.mark.parametrize("path", sorted((ROOT / "dashboard").rglob("*.py")), ids=lambda p: p.name)
def test_no_words_from_elsewhere_are_read_as_markdown(path):
    where = path.relative_to(ROOT).as_posix()
    for words in markdown_words(path):
        known = ast.unparse(words) in KNOWN.get(where, set())
        assert own(words) or of_numbers(words) or known, f"{where}: {ast.unparse(words)}"
