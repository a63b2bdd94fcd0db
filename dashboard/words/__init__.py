"""Streamlit's own words in the reader's language, and the language that the document says it is in.

Streamlit speaks English alone. A component without a face looks for its words on the page and puts
those of ``<language>.json`` in their places, now and whenever some are drawn anew. Words from
elsewhere are left alone: patients' files stand in HTML of ours and in values, neither is looked at.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.text import TAGS, Language

__all__ = ["speak", "table"]

KEY = "words"  # of the container, which the style sheet takes no room for


@cache
def table(language: Language) -> dict[str, str]:
    """Streamlit's words and ours for them; ``{}`` stands for anything. Empty where it speaks so."""
    path = Path(__file__).with_name(f"{language}.json")
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


@cache
def _component() -> Any:
    script = Path(__file__).with_name("words.js").read_text(encoding="utf-8")
    return st.components.v2.component("mmbm_words", js=script)


def speak(language: Language) -> None:
    """Have the page say that it is in this language, and be it."""
    with st.container(key=KEY):
        _component()(key=f"{KEY}-mount", data={"tag": TAGS[language], "words": table(language)})
