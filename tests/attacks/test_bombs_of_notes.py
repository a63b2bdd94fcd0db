"""No note and no recording hurts: refused in under a second and 300 MB, or read."""

import re
import time
from pathlib import Path

import pytest

from mmbm.config import Limits
from mmbm.errors import MMBMError
from mmbm.io import read_sound
from mmbm.io.sandbox import Pool
from tests.attacks.bombs_of_notes import BOMBS, MB
from tests.made_files import tone, wav

pytestmark = [pytest.mark.attack, pytest.mark.slow]
SECONDS, BYTES = 1.0, 300 * MB
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


def peak(pool, *, reset=False):
    """The most memory the child has held since it was last asked, in bytes."""
    folder = Path(f"/proc/{pool._idle[0].process.pid}")
    if reset:
        (folder / "clear_refs").write_text("5")
    found = re.search(r"VmHWM:\s+(\d+) kB", (folder / "status").read_text())
    return 1024 * int(found[1])


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_at_once_or_read(pool, name):
    reader, make = BOMBS[name]
    content = make()
    number = pool._idle[0].process.pid
    left = max(0, peak(pool, reset=True) - USUAL)  # what the file before left behind
    clock = time.monotonic()
    try:
        part = read(pool, reader.__name__, content)
    except MMBMError as exc:
        part = None
        assert 10 < len(str(exc)) < 300
    seconds = time.monotonic() - clock
    same = pool._idle[0].process.pid == number
    used = peak(pool) - left if same else 0
    del content
    assert read(pool, "read_notes", b"Cough for 3 days").text == "Cough for 3 days"
    assert read(pool, "read_sound", GOOD).seconds == pytest.approx(2)
    assert seconds < (SECONDS if part is None else 5)
    assert part is not None or used < BYTES
    assert part is None or same


def test_the_public_face_refuses_too():
    with pytest.raises(MMBMError):
        read_sound(BOMBS["sound: channels that lie"][1](), "breath.wav")
