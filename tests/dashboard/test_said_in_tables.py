"""Whatever the page shows comes out of the tables: no call of Streamlit's or plotly's holds words.

What is shown is the first argument of a function of Streamlit's, or an argument with one of the
names below; HTML around the words is no word, nor is what another function returns.
"""

import ast
import re
from pathlib import Path

import pytest

import dashboard
from tests.made_terms import SCREEN, english

SCREENS = Path(dashboard.__file__).parent
SOURCES = sorted(p for p in SCREENS.rglob("*.py") if p.parent.name != "server")
SHOWN = {
    *("body", "label", "help", "placeholder", "text", "title", "caption", "page_title"),
    *("name", "title_text", "xaxis_title", "yaxis_title", "annotation_text", "hovertemplate"),
    *("ticktext", "head", "aria_label"),
}
NOT_SHOWN = {  # functions of Streamlit's whose first argument is no word on the page
    *("st.cache_resource", "st.cache_data", "st.Page", "st.query_params.get", "st.columns"),
    *(
        "st.components.v2.component",
        "st.secrets.get",
        "st.set_page_config",
        "st.form",
        "st.switch_page",
    ),
}
TAGS = re.compile(r"<style.*?</style>|<script.*?</script>|<[^>]*>|%\{[^}]*\}|&\w+;", re.DOTALL)
SETTINGS = {  # what a field may hold, as an example, and names that no reader sees
    *("/data/manifest.csv", "/data/labels.csv", "/data/decided", "/data/scores.csv"),
    *("pneumonia.logit", "prior", "{name}", "mmbm-scoring", "mmbm calibrate  --out calibrated"),
}


def shown(call):
    """The expressions of a call that end up on the page."""
    name = ast.unparse(call.func)
    if name.startswith("st.") and name not in NOT_SHOWN:
        yield from call.args[:1]
    yield from (k.value for k in call.keywords if k.arg in SHOWN)


def texts(expression):
    """What an expression says by itself; what a call in it returns is said elsewhere."""
    match expression:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(p.value) if isinstance(p, ast.Constant) else "" for p in parts)
            for part in parts:
                if isinstance(part, ast.FormattedValue):
                    yield from texts(part.value)
        case ast.IfExp(body=one, orelse=other):
            yield from (*texts(one), *texts(other))
        case ast.BinOp(left=one, right=other):
            yield from (*texts(one), *texts(other))
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from texts(part)


def bare(source):
    """Lines and texts that are shown without being asked of a table."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            for text in (said for one in shown(node) for said in texts(one)):
                plain = TAGS.sub("", text)
                if text not in SETTINGS and english(plain, SCREEN, code=False):
                    yield node.lineno, text


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(SCREENS)))
def test_nothing_is_shown_that_no_table_holds(path):
    assert list(bare(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", sorted(SCREENS.rglob("*.html")), ids=lambda p: p.name)
def test_no_words_stand_in_html(path):
    assert english(TAGS.sub("", path.read_text(encoding="utf-8")), SCREEN, code=False) == []


@pytest.mark.parametrize(
    "source",
    [
        'st.button("Upload a file")',
        "st.html(f'<div class=\"small\">Not assessed {count}</div>')",
        'go.Bar(name="fitted" if all else say("x"))',
        'st.text_input(say("a"), placeholder="Path")',
    ],
)
def test_bare_words_are_found(source):
    assert list(bare(source))


def test_a_text_from_a_table_is_none():
    assert not list(
        bare('st.html(f\'<b class="small">{escape(say("a.b"))}</b>\', width="content")')
    )


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(SCREENS)))
def test_lists_and_names_go_through_the_language_too(path):
    """Neither `", ".join(names)` nor `name.replace("_", " ")`: Chinese has its own comma."""
    written = path.read_text(encoding="utf-8")
    assert not re.findall(r"""["'][,;] ["']\.join|\.replace\("_", " "\)""", written)
