"""Text from elsewhere, made fit for the page: what it says is shown, what it asks for is not done.

A file's name, a manifest's column, a finding of somebody's model, a refusal that names one of them:
each goes through here on its way to the screen. :func:`escape` is for HTML and figures,
:func:`verbatim` for what Streamlit reads as Markdown, :func:`document` for a whole Markdown file.
"""

from __future__ import annotations

import html
import re
from functools import cache

from markdown_it import MarkdownIt

__all__ = ["document", "escape", "verbatim"]

JOINER = "\N{WORD JOINER}"  # has no width, and no line ends at it

# Control characters but for tab and newline; what turns the reading direction for all that follows;
# characters without a glyph that hide in a name; more than three accents on one letter.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2060\u202a-\u202e\u2066-\u2069\ufeff]"
    "|[\U000e0000-\U000e007f\ud800-\udfff]"
    "|(?<=[\u0300-\u036f]{3})[\u0300-\u036f]"
)
_MARKED = re.compile(r"([\\`*_\[\]<>$~&|])")
_NAMED = re.compile(r"(:)(?=\S)|(@)|\b(www)(?=\.)|(?<=[-<>=])()(?=[-<>=])", re.IGNORECASE)


def escape(text: str) -> str:
    """Text as HTML that shows it, line breaks kept; also what a figure of plotly shows it by."""
    return html.escape(_UNSEEN.sub("", text))


def verbatim(text: str) -> str:
    """Text as one line of Markdown that shows it word for word.

    Signs are escaped; an address, a name of an icon or a colour, and an arrow, which Streamlit
    looks for in the text itself, are parted by a character of no width.
    """
    line = " ".join(_UNSEEN.sub("", text).split())
    line = _MARKED.sub(r"\\\1", _NAMED.sub(lambda found: found[0] + JOINER, line))
    return line if line[:1].isalpha() else JOINER + line  # no list, heading or rule begins here


def document(markdown: str) -> str:
    """A Markdown file as HTML: headings, lists, tables and emphasis; no link, picture or HTML."""
    rendered: str = _parser().render(_UNSEEN.sub("", markdown))
    return rendered.replace("<table>", '<table class="plain">')


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return parser.disable(["image", "link", "autolink", "html_inline", "html_block", "reference"])
