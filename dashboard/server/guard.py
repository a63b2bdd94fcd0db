"""The outermost layer: who is let in, which of Streamlit's paths are closed, what answers carry."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

from dashboard.server import settings
from dashboard.server.headers import headers

__all__ = ["Guard"]

# Statistics, the interface for programs, and a check that runs the page: nobody here asks for them.
_CLOSED = re.compile(r"/_stcore/(metrics|agent|script-health-check)(/|$)")
_GIVEN = re.compile(r"/_stcore/upload_file/")  # what was handed in is never handed out


class Guard:
    """An ASGI layer that refuses an unsafe start, and every call an unsafe start would let in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.checked = False  # whether the start went through here

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.start(scope, receive, send)
            return
        refused = self.refused(scope)
        if refused is not None:
            answer = PlainTextResponse(refused[1], status_code=refused[0])
            await answer(scope, receive, with_headers(send))
            return
        await self.app(scope, receive, with_headers(send))

    async def start(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the server start, or have it say in one sentence why it does not."""
        sentence = settings.refusal(config.get_option("server.address"))
        if sentence is None:
            self.checked = True
            await self.app(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.failed", "message": sentence})

    def refused(self, scope: Scope) -> tuple[int, str] | None:
        """Status and sentence for a call that is not let in."""
        if not self.checked:
            return 503, "The server was started without its checks; start it with: mmbm serve"
        reading = scope.get("method") in ("GET", "HEAD")
        if _CLOSED.search(scope["path"]) or (reading and _GIVEN.search(scope["path"])):
            return 404, "Not found"
        ends = [scope.get("client"), scope.get("server")]
        # An ASGI server may listen where Streamlit's settings do not say: look at each call.
        if all(end is None or settings.loopback(end[0]) for end in ends):
            return None
        return None if settings.login_is_set_up() else (403, "Only this machine may call.")


def with_headers(send: Send) -> Send:
    """``send``, with the headers that every answer carries."""

    async def sending(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            MutableHeaders(scope=message).update(headers())
        await send(message)

    return sending
