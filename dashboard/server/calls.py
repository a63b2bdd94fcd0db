"""The calls of other programs under ``/v1``, whose code is loaded once the server answers.

It brings the libraries of the model, which take seconds: the port opens before them.
"""

from __future__ import annotations

import asyncio
from threading import Lock

from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.server import settings

__all__ = ["Loaded", "load", "routes"]

_loading = Lock()
_loaded: list[Router] = []


def load() -> Router:
    """Load what answers, and with it what the pages need too; whoever else asks waits for it."""
    with _loading:
        if not _loaded:
            from dashboard import models
            from mmbm.serve.routes import Api
            from mmbm.serve.routes import routes as of

            _loaded.append(Router(of(Api(models.predictor, settings.for_this_machine))))
    return _loaded[0]


def routes() -> list[BaseRoute]:
    """For all that lies under ``/v1``."""
    calls = _Calls()
    return [Route(path, calls) for path in ("/v1", "/v1/{path:path}")]


class _Calls:
    """An ASGI application that answers when it is loaded."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await asyncio.to_thread(load))(scope, receive, send)


class Loaded:
    """An ASGI layer that lets a page begin to run when all is loaded: none is loaded by two."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not _loaded:
            await asyncio.to_thread(load)
        await self.app(scope, receive, send)
