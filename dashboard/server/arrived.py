"""Files that arrived and that no widget hands in.

An uploader that is drawn anew, or left with its page, while it uploads has nobody to tell when it
is done. Such a file is told by nobody having asked for it for a while; the page is run then and
takes it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

if TYPE_CHECKING:
    from dashboard.given import File

__all__ = ["BEFORE", "arrived", "look", "unclaimed"]

WAIT = 2.0  # seconds in which a widget hands in what it uploaded, also on a busy server
BEFORE = 1.0  # seconds that a file was held when a case began, to be of the case before

_since: dict[str, float] = {}  # when each file that is held was first seen, by its identifier


def look(server: Runtime) -> None:
    """Run the pages that have files to take. Called again and again on the server's event loop."""
    now = time.monotonic()
    sessions = {info.session.id: info.session for info in server._session_mgr.list_sessions()}
    held = {
        key: list(files)
        for key, files in cast(
            MemoryUploadedFileManager, server.uploaded_file_mgr
        ).file_storage.items()
    }
    seen = {name: _since.get(name, now) for files in held.values() for name in files}
    _since.clear()
    _since.update(seen)
    for key, files in held.items():
        if key in sessions and any(now - seen[name] >= WAIT for name in files):
            last = sessions[key]._client_state
            sessions[key].request_rerun(
                ClientState(
                    query_string=last.query_string,
                    page_script_hash=last.page_script_hash,
                    page_name=last.page_name,
                    is_auto_rerun=True,
                )
            )


def arrived(since: float = 0.0) -> list[File]:
    """What the server has held of this session's uploads for so many seconds."""
    from dashboard.given import File

    now, context = time.monotonic(), get_script_run_ctx()
    if context is None:
        return []
    storage = cast(MemoryUploadedFileManager, context.uploaded_file_mgr).file_storage
    held = dict(storage.get(context.session_id, {}))
    files = [File(each.file_id, each.name, each.data) for each in held.values()]
    return [file for file in files if now - _since.get(file.identifier, now) >= since]


def unclaimed() -> list[File]:
    """Those that no widget has handed in for a while; the server forgets them."""
    context = get_script_run_ctx()
    files = arrived(WAIT)
    if context is not None:
        uploads = cast(MemoryUploadedFileManager, context.uploaded_file_mgr)
        for file in files:
            uploads.remove_file(context.session_id, file.identifier)
    return files
