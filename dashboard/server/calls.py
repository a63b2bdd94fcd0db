"""The calls of other programs under ``/v1``, whose code is loaded once the server answers.

It brings the libraries of the model, which take seconds: the port opens before them.
"""

from __future__ import annotations

import asyncio
import re
from threading import Lock

from starlette.requests import Request
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.server import settings

__all__ = ["Elsewhere", "Loaded", "load", "routes"]

_OURS = re.compile(r"/v1(/|$)")
_VERSIONED = re.compile(r"/v[0-9]+(/|$)")
_OF_PAGES = re.compile(r"/_stcore/")  # what Streamlit's own script writes to

_loading = Lock()
_loaded: list[Router] = []


def load() -> Router:
    """Load what answers, and with it what the pages need too; whoever else asks waits for it."""
    with _loading:
        if not _loaded:
            from dashboard import models
            from mmbm.serve.routes import Api
            from mmbm.serve.routes import routes as of

            api = Api(models.predictor, settings.for_this_machine)
            _loaded.append(Router(of(api), default=_no_path))
    return _loaded[0]


def routes() -> list[BaseRoute]:
    """For all that lies under ``/v1``."""
    calls = _Calls()
    return [Route(path, calls) for path in ("/v1", "/v1/{path:path}")]


async def _no_path(scope: Scope, receive: Receive, send: Send) -> None:
    """The answer to a call of another path, in JSON as under ``/v1``."""
    from mmbm.serve.refusals import of_error
    from mmbm.serve.routes import no_path

    await of_error(Request(scope), no_path())(scope, receive, send)


class _Calls:
    """An ASGI application that answers when it is loaded."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await asyncio.to_thread(load))(scope, receive, send)


class Elsewhere:
    """An ASGI layer that answers a program which calls a path that does not exist.

    A program is told by a method that writes, or by another version in the path. Every other
    address is left to the pages.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.calls = app, _Calls()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        missed = scope["type"] == "http" and _is_missed(scope["method"], scope["path"])
        await (self.calls if missed else self.app)(scope, receive, send)


def _is_missed(method: str, path: str) -> bool:
    """Whether a program calls a path that does not exist."""
    if _OURS.match(path) or _OF_PAGES.search(path):
        return False
    return method not in ("GET", "HEAD", "OPTIONS") or _VERSIONED.match(path) is not None


class Loaded:
    """An ASGI layer that lets a page begin to run when all is loaded: none is loaded by two."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not _loaded:
            await asyncio.to_thread(load)
        await self.app(scope, receive, send)
