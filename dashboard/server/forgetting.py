"""What a page makes the server forget, as soon as it is done with it.

Each is called from a run of the page and is about its session alone; outside of a server, as in a
test of a page, there is nothing to forget.
"""

from __future__ import annotations

from typing import Any, cast

from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.typing import UploadedFile

__all__ = ["drop_media", "drop_widgets", "release"]


def release(upload: UploadedFile) -> None:
    """Drop a file that was taken: from the server, which would keep it, and from its widget."""
    context = get_script_run_ctx()
    if context is not None:
        uploads = cast(MemoryUploadedFileManager, context.uploaded_file_mgr)
        uploads.remove_file(context.session_id, upload.file_id)
    upload.seek(0)
    upload.truncate()
    upload.name = ""


def drop_media() -> None:
    """Drop the session's pictures, sounds and downloads; the next run makes those it shows."""
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return
    media = runtime.get_instance().media_file_mgr
    media.clear_session_refs(context.session_id)
    media.remove_orphaned_files()
    media.remove_orphaned_files()  # the first pass only marks downloads


def drop_widgets() -> None:
    """Drop what the session holds of widgets that are gone: callbacks' arguments and defaults.

    Streamlit drops their values and keeps the rest. At the end of a run that drew the whole page:
    a widget that is there must keep its callback, or what is done with it next would be lost.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    state: Any = context.session_state._state
    metadata = state._new_widget_state.widget_metadata
    drawn = context.shared.widget_ids_this_run.snapshot()
    for key in [key for key in metadata if key not in drawn]:
        del metadata[key]
