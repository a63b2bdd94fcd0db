"""What the page's address holds: the reader's choices, which outlive a reload."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.state.session import held
from dashboard.text import LANGUAGE_KEY, Language, Texts, language_of, texts

__all__ = [
    "LANGUAGE_KEY",
    "remember",
    "remember_language",
    "remember_or_forget",
    "remembered",
    "remembered_text",
    "say",
]


def say() -> Texts:
    """The strings of the language the reader chose, at first those of the browser's language."""
    chosen = held().get(LANGUAGE_KEY) or st.query_params.get(LANGUAGE_KEY)
    return texts(language_of(st.context.locale, chosen))


def remember_language(language: Language) -> None:
    """Keep the language in the page's address where the browser's is another, or one is there."""
    if language != language_of(st.context.locale) or LANGUAGE_KEY in st.query_params:
        remember(LANGUAGE_KEY, language)


def remembered(key: str, options: Sequence[str]) -> str:
    """What the page's address holds of a choice, the first option where it holds none of them."""
    kept = st.query_params.get(key, "")
    return kept if kept in options else options[0]


def remember(key: str, value: str) -> None:
    """Keep a choice in the page's address, so that it survives a reload."""
    if st.query_params.get(key) != value:
        st.query_params[key] = value


def remembered_text(key: str) -> str:
    """What the page's address holds by a name, as anybody may have typed it; "" for nothing."""
    return st.query_params.get(key, "")


def remember_or_forget(key: str, value: str | None) -> None:
    """Keep a choice in the page's address, or take it out."""
    if value is not None:
        remember(key, value)
    elif key in st.query_params:
        del st.query_params[key]
