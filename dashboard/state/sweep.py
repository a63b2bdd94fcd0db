"""The message that the browser is asked for once a case is gone (:mod:`dashboard.parts.sweep`)."""

from __future__ import annotations

from dashboard.state.session import session

__all__ = ["sweep_is_over", "swept", "to_sweep"]


def to_sweep() -> bool:
    """Whether the browser is to be asked for one more message (:mod:`dashboard.parts.sweep`)."""
    return session().sweep in {"due", "asked"}


def swept() -> bool:
    """Whether it has come: the first look is that of the run that asks for it."""
    kept = session()
    came = kept.sweep == "asked"
    kept.sweep = "came" if came else "asked"
    return came


def sweep_is_over() -> bool:
    """Whether this is the run that the message asked for."""
    kept = session()
    over = kept.sweep == "came"
    if over:
        kept.sweep = "done"
    return over
