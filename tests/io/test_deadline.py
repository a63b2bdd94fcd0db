"""Work that is done, fails, or takes too much processor time."""

import hashlib
import threading
import time

import pytest

from mmbm.io import deadline


def test_what_ends_in_time_is_returned_or_raised():
    assert deadline.within(5.0, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        deadline.within(5.0, lambda: 1 // 0)
    assert not deadline.left_behind()


def test_waiting_takes_no_processor_time():
    deadline.within(0.05, lambda: time.sleep(0.3))


def test_the_time_of_a_codecs_own_threads_counts():
    def codec():
        work = [threading.Thread(target=spend) for _ in range(2)]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()  # itself it takes no time

    def spend():
        hashlib.pbkdf2_hmac("sha256", b"", b"", 10**6)

    with pytest.raises(deadline.OutOfTime):
        deadline.within(0.1, codec)
    for thread in deadline._left:
        thread.join()


def test_what_takes_too_long_is_left_behind():
    before = time.monotonic()
    with pytest.raises(deadline.OutOfTime):
        deadline.within(0.1, lambda: hashlib.pbkdf2_hmac("sha256", b"", b"", 2 * 10**6))
    assert time.monotonic() - before < 5
    assert deadline.left_behind()
    for thread in deadline._left:
        thread.join()
    assert not deadline.left_behind()
