"""The button that changes between the dark and the light theme."""

from __future__ import annotations

from dashboard.foreign import escape
from dashboard.text import Texts

__all__ = ["theme_switch"]


def theme_switch(say: Texts) -> str:
    """One button with two names; the style sheet shows that of the theme it changes to.

    ``server/theme.js``, which runs before Streamlit, acts on its click and keeps the choice.
    """
    names = "".join(
        f'<span class="{name}" title="{escape(say(f"app.{name}"))}">'
        f'<span class="unseen">{escape(say(f"app.{name}"))}</span></span>'
        for name in ("to_light", "to_dark")
    )
    return f'<button class="theme-switch" type="button">{names}</button>'
