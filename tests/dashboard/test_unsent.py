"""What a run that begins leaves in the queue of what is to be sent."""

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

import dashboard.app  # noqa: F401 - it has the server keep what is unsent


def answer(name):
    message = ForwardMsg()
    message.file_urls_response.response_id = name
    return message


@pytest.mark.parametrize("fragments", [None, ["maps"]])
def test_a_run_that_begins_leaves_the_answers(fragments):
    queue = ForwardMsgQueue()
    drawn = ForwardMsg()
    drawn.delta.new_element.text.body = "old"
    for message in (answer("first"), drawn, answer("second")):
        queue.enqueue(message)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=fragments)
    sent = [m for m in queue.flush() if m.HasField("file_urls_response")]
    assert [m.file_urls_response.response_id for m in sent] == ["first", "second"]


def test_what_was_sent_is_gone():
    queue = ForwardMsgQueue()
    queue.enqueue(answer("first"))
    queue.flush()
    assert len(queue) == 0


def delta(*path, fragment=""):
    message = ForwardMsg()
    message.delta.new_element.text.body = "drawn"
    message.delta.fragment_id = fragment
    message.metadata.delta_path[:] = path
    return message


def waiting(fragments):
    """Where the deltas stand that are left when a run of these fragments begins."""
    queue = ForwardMsgQueue()
    drawn = [(0, 0), (0, 1, 0), (0, 1, 1, 0), (0, 2)]
    for path, fragment in zip(drawn, ["", "outer", "inner", ""], strict=True):
        queue.enqueue(delta(*path, fragment=fragment))
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=fragments)
    return [tuple(m.metadata.delta_path) for m in queue.flush()], drawn


def test_a_fragment_s_run_leaves_no_gap_before_what_waits():
    left, drawn = waiting(["outer"])
    assert left == drawn


def test_a_run_of_the_page_draws_all_anew():
    assert waiting(None)[0] == []


def test_what_a_fragment_draws_again_comes_after_what_waited():
    queue = ForwardMsgQueue()
    queue.enqueue(delta(0, 1, fragment="outer"))
    queue.enqueue(delta(0, 2))
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["outer"])
    again = delta(0, 1, fragment="outer")
    queue.enqueue(again)
    assert queue.flush()[-1] is again
