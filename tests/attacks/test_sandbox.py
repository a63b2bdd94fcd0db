import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mmbm.config import Limits
from mmbm.errors import NoSignal, TooLarge, UnreadableFile
from mmbm.io import wire
from mmbm.io.sandbox import Pool

pytestmark = pytest.mark.attack
LIMITS = Limits()


@pytest.fixture(scope="module")
def pool():
    pool = Pool(size=2)
    run(pool, "echo")
    yield pool
    pool.close()


def run(pool, task, content=b"hello", name="", limits=LIMITS):
    return pool.run(f"tests.attacks.hostile_tasks:{task}", content, name, limits)


def test_the_child_is_used_again(pool):
    assert run(pool, "who").text == run(pool, "who").text


def test_a_child_that_has_read_is_retired_and_a_fresh_one_stands_ready(pool):
    first = run(pool, "who").text
    pool.retire(60.0)
    assert run(pool, "who").text == first, "a case's files come together"
    idle = len(pool._idle)
    pool.retire()
    assert len(pool._idle) == idle and all(worker.read_last is None for worker in pool._idle)
    fresh = {worker.process.pid for worker in pool._idle}
    pool.retire()
    assert {worker.process.pid for worker in pool._idle} == fresh, "what has read nothing stays"
    assert run(pool, "who").text != first


@pytest.mark.parametrize("task", ["abort", "segfault", "kill"])
def test_after_a_crash_the_next_file_is_read(pool, task):
    with pytest.raises(UnreadableFile, match="The file stopped the program that reads it"):
        run(pool, task)
    assert run(pool, "echo").text == "hello"


def test_a_hanging_decoder_is_stopped(pool):
    before = time.monotonic()
    with pytest.raises(TooLarge, match=r"could not be read within 0\.5 seconds"):
        run(pool, "hang", limits=Limits(decode_seconds=0.5))
    assert time.monotonic() - before < 3
    assert run(pool, "echo").text == "hello"


def test_a_spinning_decoder_is_stopped(pool):
    with pytest.raises(TooLarge, match=r"could not be read within 0\.5 seconds"):
        run(pool, "spin", limits=Limits(decode_seconds=0.5))
    assert run(pool, "echo").text == "hello"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's memory")
def test_a_child_whose_memory_stays_high_reads_no_second_file(pool):
    held = run(pool, "hold_memory").text
    assert run(pool, "who").text != held


def test_a_child_with_a_codec_left_running_reads_no_second_file(pool):
    before = {worker.process.pid for worker in pool._idle}
    with pytest.raises(NoSignal, match="It was left behind"):
        run(pool, "leave_behind")
    assert {worker.process.pid for worker in pool._idle} - before
    assert run(pool, "echo").text == "hello"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_memory_is_limited(pool):
    with pytest.raises(TooLarge, match=r"needs more than the allowed 1\.0 GB"):
        run(pool, "eat_memory", limits=Limits(decode_memory=2**30))
    assert run(pool, "echo").text == "hello"


def test_our_errors_come_back_as_they_are(pool):
    with pytest.raises(NoSignal, match=r"^There is nothing in it\.$"):
        run(pool, "refuse")


@pytest.mark.parametrize("task", ["raise_secret", "raise_other", "leave", "wrong_type"])
def test_all_else_is_one_error_without_content(pool, task):
    with pytest.raises(UnreadableFile, match="is damaged and could not be decoded") as caught:
        run(pool, task, b"secret")
    assert "secret" not in str(caught.value)


def test_what_the_child_prints_is_lost(pool, capfd):
    assert run(pool, "shout").text == "shouted"
    assert run(pool, "echo").text == "hello"
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file size")
def test_the_child_cannot_write_files(pool, tmp_path):
    with pytest.raises(UnreadableFile):
        run(pool, "write_file", name=str(tmp_path / "leak"))
    assert not (tmp_path / "leak").exists() or (tmp_path / "leak").stat().st_size == 0


def test_the_child_has_no_model_no_page_and_no_secrets(pool, monkeypatch):
    monkeypatch.setenv("API_TOKEN", "secret")
    pool.close()
    assert not {"torch", "streamlit"} & set(run(pool, "modules").text.split())
    assert "API_TOKEN" not in run(pool, "environment").text.split()


def test_threads_get_their_own_answers(pool):
    texts = [f"note {n}" for n in range(40)]
    with ThreadPoolExecutor(8) as threads:
        notes = list(threads.map(lambda text: run(pool, "echo", text.encode()), texts))
    assert [note.text for note in notes] == texts


def test_an_interrupted_read_leaves_no_answer_behind(pool, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(wire, "receive", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(pool, "echo", b"the first patient")
    assert run(pool, "echo", b"the second patient").text == "the second patient"


def test_children_end_with_their_parent():
    code = (
        "from mmbm.io import sandbox; sandbox.warm(2);"
        "print(*[worker.process.pid for worker in sandbox._pool._idle])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stderr == ""
    for pid in out.stdout.split():
        assert subprocess.run(["ps", "-p", pid], capture_output=True, check=False).returncode == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_starts_its_own_children():
    code = (
        "import os, sys; from mmbm.io import read_notes;"
        "read = lambda text: print(read_notes(text, 'x').text, flush=True);"
        "read(b'one'); pid = os.fork(); pid or (read(b'two'), sys.exit());"
        "os.waitpid(pid, 0); read(b'three')"
    )
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", code]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert (out.stdout.split(), out.stderr) == (["one", "two", "three"], "")


def test_no_thread_is_left_over(pool):
    run(pool, "echo")
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
