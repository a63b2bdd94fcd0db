"""What a login may do with the store, by lists of logins. Knows nothing of Streamlit.

::

    [roles]
    admin = ["chief@clinic.example"]
    reader = ["*"]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

__all__ = ["EVERYBODY", "ROLES", "Right", "Role", "allowed", "role_of"]

Role = Literal["viewer", "reader", "admin"]
Right = Literal["decide", "purge"]
ROLES: tuple[Role, ...] = get_args(Role)
EVERYBODY = "*"  # in a list: whoever is logged in
RIGHTS: dict[Role, frozenset[Right]] = {
    "viewer": frozenset(),  # looks
    "reader": frozenset({"decide"}),  # keeps, decides, scores, pulls, sends, exports
    "admin": frozenset({"decide", "purge"}),
}


def role_of(identities: Iterable[str], roles: Mapping[str, Iterable[str]]) -> Role:
    """The highest role whose list names the login, whatever its case; else a viewer."""
    own = {name.casefold() for name in identities} | {EVERYBODY}
    listed = [role for role in ROLES if own & {name.casefold() for name in roles.get(role, ())}]
    return listed[-1] if listed else "viewer"


def allowed(role: Role, right: Right) -> bool:
    """Whether a role has a right."""
    return right in RIGHTS[role]
