"""Who may call: programs of this machine, and with the key whoever the server can be reached by."""

from __future__ import annotations

import hmac
import os
from ipaddress import ip_address

from starlette.requests import Request

from mmbm.serve.refusals import Refused
from mmbm.text import Sentence, sentence

__all__ = ["KEY", "admit", "loopback", "refusal"]

KEY = "MMBM_API_KEY"  # of the environment
SHORTEST_KEY = 16  # characters


def loopback(address: str | None) -> bool:
    """Whether an address, or none, can be reached from this machine alone."""
    if address is None or address == "localhost":
        return address is not None
    try:
        number = ip_address(address.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(number, "ipv4_mapped", None)
    return (mapped or number).is_loopback


def refusal(address: str) -> Sentence | None:
    """Why programs may not be served on this address; None where they may."""
    key = os.environ.get(KEY, "")
    if key and len(key) < SHORTEST_KEY:
        return sentence("serve.short_key", characters=SHORTEST_KEY)
    return None if key or loopback(address) else sentence("serve.open", address=address)


def admit(request: Request, *, alone: bool) -> None:
    """Let a call in, or raise Refused.

    With a key set every call needs it: a proxy makes all calls look like this machine's. Without
    one, ``alone`` says whether the server is for this machine by its settings.
    """
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise Refused(403, sentence("serve.other_page"))
    key = os.environ.get(KEY, "")
    if len(key) >= SHORTEST_KEY:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not _is_key(given.strip(" \t"), key):
            raise Refused(401, sentence("serve.key"), {"www-authenticate": "Bearer"})
        return
    ends = [request.scope.get("client"), request.scope.get("server")]
    if key or not alone or not all(end is None or loopback(end[0]) for end in ends):
        raise Refused(403, sentence("serve.no_key", characters=SHORTEST_KEY))


def _is_key(given: str, key: str) -> bool:
    """Whether a header's value is the key, sent as UTF-8 or, as older clients do, as Latin-1."""
    sent = given.encode("latin-1")  # the bytes: a header is read as Latin-1, whatever it is
    as_utf8 = hmac.compare_digest(sent, os.fsencode(key))
    as_latin = hmac.compare_digest(given.encode(), os.fsencode(key))
    return as_utf8 or as_latin
