"""What waits to be sent when a run begins.

Streamlit clears it, for the run draws all of it anew. Two things are lost by that. An uploader asks
where to send a file, and the answer waits with all that a run has drawn: without it the browser
waits for ever, and what the reader dropped is lost without a word. And when a fragment's run
begins, what the run before drew in that fragment is cleared, but not what it drew after it or in
fragments inside it: the browser gets a container's third child without the second, and shows an
empty page. Here answers stay, and when a fragment's run begins, everything stays.
"""

from __future__ import annotations

from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

__all__ = ["keep_what_is_unsent"]

_clear = ForwardMsgQueue.clear


def keep_what_is_unsent() -> None:
    """Have a run that begins leave in the queue what nothing else will tell."""
    ForwardMsgQueue.clear = _clear_but_unsent  # type: ignore[assignment,method-assign]


def _clear_but_unsent(
    queue: ForwardMsgQueue,
    retain_lifecycle_msgs: bool = False,
    fragment_ids_this_run: list[str] | None = None,
) -> None:
    """``ForwardMsgQueue.clear``, which keeps an answer wherever it keeps anything."""
    answers = [m for m in queue._queue if m.WhichOneof("type") == "file_urls_response"]
    of_none: list[str] | None = None if fragment_ids_this_run is None else []
    _clear(queue, retain_lifecycle_msgs, of_none)
    if retain_lifecycle_msgs:
        kept = {id(message) for message in queue._queue}
        queue._queue.extend(answer for answer in answers if id(answer) not in kept)
