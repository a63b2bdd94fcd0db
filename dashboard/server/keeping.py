"""How long the server keeps what it was handed: uploads in memory, sessions, decoders.

Streamlit ends a session that lost its browser when the next one does, which may be never. Here a
clock looks.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

from starlette.formparsers import MultiPartParser
from streamlit import App, config, runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.session_manager import SessionClient

from dashboard.server import arrived, calls
from mmbm.io import retire

__all__ = ["GONE", "end_sessions", "keep_uploads_off_the_disk", "keeping"]

GONE = 30.0  # seconds after its browser that a session ends
LOOK = 1.0  # seconds between two looks
IDLE = 2.0  # seconds after its last file that a decoder ends; a case's files come together

_FRAMING = 2**20  # bytes of a request around the file it carries, at most


def keep_uploads_off_the_disk() -> None:
    """Have the server collect an upload in memory up to the limit, not in a temporary file."""
    MultiPartParser.spool_max_size = config.get_option("server.maxUploadSize") * 2**20 + _FRAMING


@asynccontextmanager
async def keeping(_: App) -> AsyncIterator[None]:
    """Load what the pages need, and while the server runs end what is no longer needed."""
    clock = asyncio.create_task(_look_again_and_again(runtime.get_instance()))
    loading = asyncio.create_task(asyncio.to_thread(calls.load))
    try:
        yield
    finally:
        loading.cancel()
        clock.cancel()
        with suppress(asyncio.CancelledError):
            await clock


async def _look_again_and_again(server: Runtime) -> None:
    since: dict[str, float] = {}
    while True:
        await asyncio.sleep(LOOK)
        before, since = since, end_sessions(server, since, time.monotonic())
        if before.keys() - since.keys():
            await _send_to_nobody(server)
            await asyncio.to_thread(gc.collect)
        arrived.look(server)
        await asyncio.to_thread(retire, IDLE)


def end_sessions(server: Runtime, since: dict[str, float], now: float) -> dict[str, float]:
    """End the sessions without a browser for too long; ``since`` when each of the others is.

    Runs on the server's event loop.
    """
    sessions = server._session_mgr
    known = {info.session.id: info.session for info in sessions.list_sessions()}
    alone = {key: since.get(key, now) for key in known if not sessions.is_active_session(key)}
    for key in [key for key, left in alone.items() if now - left >= GONE]:
        _stop_jobs(known[key])
        server.close_session(key)
        del alone[key]
    uploads = cast(MemoryUploadedFileManager, server.uploaded_file_mgr)
    for key in set(uploads.file_storage) - set(known):  # of sessions that Streamlit dropped itself
        uploads.remove_session_files(key)
    return alone


def _stop_jobs(session: AppSession) -> None:
    """Stop what is still being computed for a reader who has left."""
    remembered = session.session_state
    if "session" in remembered:  # see dashboard.state
        for job in remembered["session"].jobs.values():
            job.stop()
        remembered["session"].dictated.drop()


class _Nobody(SessionClient):
    """A browser that is not there."""

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        """Read nothing."""


async def _send_to_nobody(server: Runtime) -> None:
    """Send a message that says nothing: the server holds on to the last one, and its session."""
    key = server.connect_session(_Nobody(), {})
    empty = BackMsg()
    empty.file_urls_request.request_id = key
    server.handle_backmsg(key, empty)
    await asyncio.sleep(0.2)
    server.close_session(key)
