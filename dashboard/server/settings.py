"""The settings that a running server is held to, and whether its address is a safe one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import streamlit as st
from streamlit import config
from streamlit.errors import StreamlitSecretNotFoundError

from dashboard.roles import ROLES
from mmbm.serve.access import loopback

__all__ = [
    "CONFIG",
    "OPEN",
    "allowed_hosts",
    "for_this_machine",
    "hold",
    "login_is_set_up",
    "loopback",
    "refusal",
    "roles",
]

CONFIG = Path(__file__).parents[1] / ".streamlit" / "config.toml"

# What a server with a login sets for itself, with environment variables or flags.
OPEN = frozenset({"server.address", "server.allowedHosts", "browser.serverAddress"})

LOGIN_KEYS = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")


@cache
def _held() -> dict[str, object]:
    """The settings of the file beside the main script, by their full names."""
    return dict(_flat(tomllib.loads(CONFIG.read_text(encoding="utf-8"))))


def _flat(section: dict[str, object], start: str = "") -> Iterator[tuple[str, object]]:
    """Each setting of a section and of those in it, by its full name."""
    for name, value in section.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{start}{name}.")
        else:
            yield f"{start}{name}", value


def hold() -> None:
    """Set them, now and each time that Streamlit reads its settings again."""
    _set()
    config.on_config_parsed(_set, force_connect=True)


def _set() -> None:
    for name, value in _held().items():
        if name not in OPEN or not config.is_manually_set(name):
            config.set_option(name, value, str(CONFIG))


def allowed_hosts() -> list[str]:
    """The names that a browser may call this server by."""
    return list(config.get_option("server.allowedHosts"))


def login_is_set_up() -> bool:
    """Whether the secrets name an OpenID Connect provider and all it takes to ask it."""
    try:
        section = st.secrets.get("auth", {})
    except StreamlitSecretNotFoundError:
        return False
    return find_spec("authlib") is not None and all(section.get(key) for key in LOGIN_KEYS)


def roles() -> dict[str, list[str]] | None:
    """The logins of each role, as the secrets list them; None where they list none."""
    try:
        section = st.secrets.get("roles")
    except StreamlitSecretNotFoundError:
        return None
    return None if section is None else {name: list(logins) for name, logins in section.items()}


def for_this_machine() -> bool:
    """Whether the server is for this machine alone, by its settings."""
    return loopback(config.get_option("server.address")) and not login_is_set_up()


def refusal(address: str | None) -> str | None:
    """The sentence that refuses to listen on this address; None where it may be listened on."""
    unknown = sorted(set(roles() or ()) - set(ROLES))
    if unknown:
        return (
            f"MMBM was not started: [roles] in .streamlit/secrets.toml names {', '.join(unknown)}. "
            f"The roles are {', '.join(ROLES)}, each with a list of logins."
        )
    if loopback(address) or login_is_set_up():
        return None
    return (
        f"MMBM was not started: other machines can reach {address or 'every address'}, and no "
        "login is set up. Listen on 127.0.0.1, or set up a login: install 'mmbm[login]' and write "
        f"an [auth] section with {', '.join(LOGIN_KEYS)} of your OpenID Connect provider into "
        ".streamlit/secrets.toml."
    )
