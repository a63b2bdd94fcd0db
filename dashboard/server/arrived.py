"""Files that arrived and that no widget hands in.

An uploader that is drawn anew, or left with its page, while it uploads has nobody to tell when it
is done. Such a file is told by nobody having asked for it for a while; the page is run then and
takes it. A file that was chosen on another page than Review is left to that page's uploader: in a
form it hands nothing in before its button is pressed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from streamlit import runtime
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadFileUrlInfo

if TYPE_CHECKING:
    from dashboard.given import File
    from dashboard.state.session import Session

__all__ = ["BEFORE", "arrived", "know_pages", "look", "unclaimed"]

WAIT = 2.0  # seconds in which a widget hands in what it uploaded, also on a busy server
BEFORE = 1.0  # seconds that a file was held when a case began, to be of the case before

_promise = MemoryUploadedFileManager.get_upload_urls
_since: dict[str, float] = {}  # when each file that is held was first seen, by its identifier


def know_pages() -> None:
    """Have the server remember which files are chosen on another page than Review."""
    MemoryUploadedFileManager.get_upload_urls = _promised  # type: ignore[method-assign,assignment]


def _promised(
    uploads: MemoryUploadedFileManager, session_id: str, file_names: Sequence[str]
) -> list[UploadFileUrlInfo]:
    """Where the files that a reader has just chosen are to be sent."""
    places = _promise(uploads, session_id, file_names)
    kept = _remembered(runtime.get_instance(), session_id)
    if kept is not None and kept.page:
        kept.elsewhere |= {place.file_id: kept.page for place in places}
    return places


def _remembered(server: Runtime, session_id: str) -> Session | None:
    """What the page remembers of a reader; None before its first run."""
    found = server._session_mgr.get_session_info(session_id)
    if found is None or "session" not in found.session.session_state:
        return None
    return cast("Session", found.session.session_state["session"])


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
        kept = _remembered(server, key)
        others = {} if kept is None else kept.elsewhere
        late = (name for name in files if now - seen[name] >= WAIT)
        if key in sessions and any(name not in others for name in late):
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


def unclaimed(elsewhere: Mapping[str, str], page: str) -> list[File]:
    """Those that no widget has handed in for a while; the server forgets them.

    ``elsewhere`` gives the page of each file that was chosen on another page than Review. Such a
    file is no part of a case. The server forgets it too, unless its own ``page`` is shown.
    """
    context = get_script_run_ctx()
    files = [f for f in arrived(WAIT) if elsewhere.get(f.identifier) != page]
    if context is not None:
        uploads = cast(MemoryUploadedFileManager, context.uploaded_file_mgr)
        for file in files:
            uploads.remove_file(context.session_id, file.identifier)
    return [file for file in files if file.identifier not in elsewhere]
