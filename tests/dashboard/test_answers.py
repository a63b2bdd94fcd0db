"""What the server answered an uploader is sent, whatever run begins before."""

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

import dashboard.app  # noqa: F401 - it has the server keep answers


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
