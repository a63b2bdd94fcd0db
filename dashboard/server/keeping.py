"""How long the server keeps what it was handed: uploads in memory, sessions, decoders.

Streamlit ends a session that lost its browser when the next one does, which may be never, and
keeps each upload for as long as the session. Here a clock looks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

from starlette.formparsers import MultiPartParser
from streamlit import App, config, runtime
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.typing import UploadedFile

from mmbm.io import retire

__all__ = ["keep_uploads_off_the_disk", "keeping", "let_go", "release"]

GONE = 30.0  # seconds after its browser that a session ends
LOOK = 1.0  # seconds between two looks
IDLE = 2.0  # seconds after its last file that a decoder ends; a case's files come together

_FRAMING = 2**20  # bytes of a request around the file it carries, at most


def keep_uploads_off_the_disk() -> None:
    """Have the server collect an upload in memory up to the limit, not in a temporary file."""
    MultiPartParser.spool_max_size = config.get_option("server.maxUploadSize") * 2**20 + _FRAMING


@asynccontextmanager
async def keeping(_: App) -> AsyncIterator[None]:
    """While the server runs, end what is no longer needed."""
    clock = asyncio.create_task(_look_again_and_again(runtime.get_instance()))
    try:
        yield
    finally:
        clock.cancel()
        with suppress(asyncio.CancelledError):
            await clock


async def _look_again_and_again(server: Runtime) -> None:
    since: dict[str, float] = {}
    while True:
        await asyncio.sleep(LOOK)
        since = end_sessions(server, since, time.monotonic())
        await asyncio.to_thread(retire, IDLE)


def end_sessions(server: Runtime, since: dict[str, float], now: float) -> dict[str, float]:
    """End the sessions without a browser for too long; ``since`` when each of the others is.

    Runs on the server's event loop.
    """
    sessions = server._session_mgr
    known = [info.session.id for info in sessions.list_sessions()]
    alone = {key: since.get(key, now) for key in known if not sessions.is_active_session(key)}
    for key in [key for key, left in alone.items() if now - left >= GONE]:
        server.close_session(key)
        del alone[key]
    uploads = cast(MemoryUploadedFileManager, server.uploaded_file_mgr)
    for key in set(uploads.file_storage) - set(known):  # of sessions that Streamlit dropped itself
        uploads.remove_session_files(key)
    return alone


def release(upload: UploadedFile) -> None:
    """Drop a file that was read: from the server, which would keep it, and from its widget."""
    context = get_script_run_ctx()
    if context is not None:
        uploads = cast(MemoryUploadedFileManager, context.uploaded_file_mgr)
        uploads.remove_file(context.session_id, upload.file_id)
    upload.seek(0)
    upload.truncate()
    upload.name = ""


def let_go() -> None:
    """Drop this session's pictures, sounds and downloads; the next run makes what it shows."""
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return
    media: Any = runtime.get_instance().media_file_mgr
    media.clear_session_refs(context.session_id)
    media.remove_orphaned_files()
    media.remove_orphaned_files()  # the first pass only marks downloads
