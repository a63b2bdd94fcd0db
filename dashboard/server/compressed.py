"""Scripts and styles of the page compressed on their way; the rest as it is.

Streamlit sends them as they are. They are two thirds of a first visit.
"""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Compressed"]

_ENDS = (".js", ".css")


class Compressed:
    """An ASGI layer that compresses ``/static`` scripts and styles; browsers keep them then."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.compressing = GZipMiddleware(app, minimum_size=1000, compresslevel=4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        text = scope["type"] == "http" and path.startswith("/static/") and path.endswith(_ENDS)
        await (self.compressing if text else self.app)(scope, receive, send)
