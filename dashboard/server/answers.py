"""What the server answered an uploader and has not sent yet.

An uploader asks where to send a file, and the answer waits with all that a run has drawn. A run
that begins clears what waits, and the answer with it: the browser then waits for ever, and what the
reader dropped is lost without a word. Here answers stay.
"""

from __future__ import annotations

from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

__all__ = ["keep_answers"]

_clear = ForwardMsgQueue.clear


def keep_answers() -> None:
    """Have a run that begins leave the answers to uploaders in the queue."""
    ForwardMsgQueue.clear = _clear_but_answers  # type: ignore[assignment,method-assign]


def _clear_but_answers(
    queue: ForwardMsgQueue,
    retain_lifecycle_msgs: bool = False,
    fragment_ids_this_run: list[str] | None = None,
) -> None:
    """``ForwardMsgQueue.clear``, which keeps an answer wherever it keeps anything."""
    answers = [m for m in queue._queue if m.WhichOneof("type") == "file_urls_response"]
    _clear(queue, retain_lifecycle_msgs, fragment_ids_this_run)
    if retain_lifecycle_msgs:
        kept = {id(message) for message in queue._queue}
        queue._queue.extend(answer for answer in answers if id(answer) not in kept)
