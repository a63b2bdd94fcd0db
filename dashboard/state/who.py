"""Who sits before the page, what the audit calls him, and what he may do."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import stored
from dashboard.roles import Right, allowed, role_of
from dashboard.server import settings
from dashboard.state.intake import new_case
from dashboard.state.session import held, session
from mmbm.errors import StoreError
from mmbm.store import LOCAL
from mmbm.text import sentence

__all__ = ["actor", "forget_reader", "may", "reader", "require", "take_reader"]


def reader() -> str:
    """Who reads: by the login, or as he called himself; "" where he did not yet."""
    user = claims()
    if user is not None:
        return str(user.get("email") or user.get("name") or user.get("sub") or "")[:200]
    return session().reader


def actor() -> str:
    """Who acts, for the audit: by the login, or as he called himself, or somebody at this machine.

    An e-mail that the provider says nobody has verified is not one to go by.
    """
    user = claims()
    if user is None:
        return session().reader or LOCAL
    return (identities(user) or [LOCAL])[0][:200]


def may(right: Right) -> bool:
    """Whether his role has this right; without a login or without roles everybody has all."""
    user, roles = claims(), settings.roles()
    return user is None or roles is None or allowed(role_of(identities(user), roles), right)


def require(right: Right) -> None:
    """Raises StoreError where his role does not have it."""
    if not may(right):
        raise StoreError(sentence(f"store.may_not.{right}"))


def identities(user: dict[str, Any]) -> list[str]:
    """What a login may be named by: its e-mail, its subject."""
    email = "" if user.get("email_verified") is False else user.get("email")
    return [str(name) for name in (email, user.get("sub")) if name]


def claims() -> dict[str, Any] | None:
    """What the provider says of who is logged in; None where no login is set up."""
    return dict(st.user) if settings.login_is_set_up() else None


def take_reader(key: str) -> None:
    """Callback of the box that asks for a name."""
    session().reader = " ".join(str(held().get(key) or "").split())[:200]


def forget_reader() -> None:
    """Callback: somebody else reads from now on; what the model said to the one before goes."""
    session().reader = ""
    if stored.decides_first():
        new_case()
