"""A server of programs alone: ``mmbm serve --api``."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mmbm.errors import ConfigError
from mmbm.io import retire, warm
from mmbm.predict import Predictor
from mmbm.serve.access import loopback, refusal
from mmbm.serve.gate import Gate
from mmbm.serve.logs import log_no_values
from mmbm.serve.refusals import of_error, refuse
from mmbm.serve.routes import Api, no_path, routes
from mmbm.text import sentence

__all__ = ["application", "run"]

HOSTS = ("127.0.0.1", "localhost", "[::1]")  # that a program of this machine calls
PORT = re.compile(r":[0-9]*$")
IDLE = 2.0  # seconds after its last file that a decoder ends
HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


def application(
    model: Callable[[], Predictor], *, alone: bool = True, gate: Gate | None = None
) -> Starlette:
    """The app; ``alone``: it is bound to this machine's own address."""
    inside = [Middleware(Headed)]
    if alone:
        inside.append(Middleware(Called))
    return Starlette(
        routes=routes(Api(model, lambda: alone, gate)),
        middleware=inside,
        lifespan=_keeping,
        exception_handlers={404: _no_path, 405: _no_path},
    )


async def _no_path(request: Request, _: Exception) -> Response:
    return of_error(request, no_path())


def run(model: str, device: str, address: str, port: int) -> None:
    """Load the model and serve until stopped.

    Raises
    ------
    ConfigError
        Other machines could call without a key, or the port cannot be had.
    ModelError
    """
    address = address.strip("[]")  # of an IPv6 address in a URL
    refused = refusal(address)
    if refused is not None:
        raise ConfigError(refused)
    _refuse_taken(address, port)
    log_no_values()
    warm()
    loaded = Predictor.load(model, device)
    app = application(lambda: loaded, alone=loopback(address))
    # a proxy's headers are not believed: who calls is who connects
    uvicorn.run(app, host=address, port=port, proxy_headers=False, server_header=False)


def _refuse_taken(address: str, port: int) -> None:
    """Refuse a port that another program has, before the model is loaded. Raises ConfigError."""
    taken = sentence("serve.port", address=address, port=str(port))
    if not 0 < port < 2**16:
        raise ConfigError(taken)
    try:
        asyncio.run(_listened(address, port))
    except OSError as exc:
        raise ConfigError(taken) from exc


async def _listened(address: str, port: int) -> None:
    """Listen for a moment. Raises OSError."""
    listening = await asyncio.get_running_loop().create_server(asyncio.Protocol, address, port)
    listening.close()
    await listening.wait_closed()


@asynccontextmanager
async def _keeping(_: Starlette) -> AsyncIterator[None]:
    """While the server runs, end the decoders that are done: their memory goes with them."""
    clock = asyncio.create_task(_again_and_again())
    try:
        yield
    finally:
        clock.cancel()
        with suppress(asyncio.CancelledError):
            await clock


async def _again_and_again() -> None:
    while True:
        await asyncio.sleep(IDLE / 2)
        await asyncio.to_thread(retire, IDLE)


class Called:
    """An ASGI layer that refuses a call by another name than this machine's own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or PORT.sub("", Headers(scope=scope).get("host", "")) in HOSTS:
            await self.app(scope, receive, send)
            return
        answer = refuse(Request(scope), 400, sentence("serve.host"), {})
        await answer(scope, receive, send)


class Headed:
    """An ASGI layer that has no browser show, keep or guess what an answer is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, sending)
