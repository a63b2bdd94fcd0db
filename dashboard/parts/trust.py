"""The level that answers are given at."""

from __future__ import annotations

import streamlit as st

from dashboard.text import Texts
from mmbm.model.tables import LEVELS

__all__ = ["level_picker"]


def level_picker(say: Texts) -> float:
    """The level that answers are given at."""
    chosen = st.segmented_control(
        say("trust.level"),
        LEVELS,
        default=0.9,
        format_func=lambda level: f"{100 * level:g} %",
        key="level",
        label_visibility="collapsed",
        required=True,
    )
    return chosen or 0.9
