"""No note and no recording hurts: refused in under a second and 300 MB, or read."""

import os
import re
import sys
import time
from pathlib import Path

import pytest

from mmbm.config import Limits
from mmbm.errors import MMBMError
from mmbm.io import read_sound
from mmbm.io.sandbox import Pool
from tests.attacks.bombs_of_notes import BOMBS, MB
from tests.made_files import tone, wav

pytestmark = [
    pytest.mark.attack,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is told on Linux"),
]
SECONDS, BYTES = 1.0, 300 * MB  # of a refusal; the seconds are the processor's
USUAL = 128 * MB  # of a warm child
LIMITS = Limits()
TASKS = {"read_notes": "mmbm.io.notes:decode", "read_sound": "mmbm.io.audio:decode"}
GOOD = wav(tone(2, 8000), 8000)


@pytest.fixture(scope="module")
def pool():
    pool = Pool(size=1)
    read(pool, "read_notes", b"Cough")
    yield pool
    pool.close()


def read(pool, reader, content):
    return pool.run(TASKS[reader], content, "file", LIMITS)


def peak(pid, *, reset=False):
    """The most memory the child has held since it was last asked, in bytes."""
    if reset:
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def processor_seconds(pid):
    """What the child has used: a busy machine does not count against it."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_at_once_or_read(pool, name):
    reader, make = BOMBS[name]
    content = make()
    pid = pool._idle[0].process.pid
    left = max(0, peak(pid, reset=True) - USUAL)  # what the file before left behind
    spent, clock = processor_seconds(pid), time.monotonic()
    try:
        refused, _ = False, read(pool, reader.__name__, content)
    except MMBMError as exc:
        refused = True
        assert 10 < len(str(exc)) < 300
    if pool._idle[0].process.pid == pid:  # or the system ended it at its own limit, as asked
        assert not refused or processor_seconds(pid) - spent < SECONDS
        assert not refused or peak(pid) - left < BYTES
    assert time.monotonic() - clock < 5
    del content
    assert read(pool, "read_notes", b"Cough for 3 days").text == "Cough for 3 days"
    assert read(pool, "read_sound", GOOD).seconds == pytest.approx(2)


def test_the_public_face_refuses_too():
    with pytest.raises(MMBMError):
        read_sound(BOMBS["sound: channels that lie"][1](), "breath.wav")
