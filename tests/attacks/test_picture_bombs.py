"""Every bomb is refused in under a second and 300 MB, or read; the next film is right each time."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from mmbm.config import Limits
from mmbm.errors import InputError
from mmbm.io.sandbox import Pool
from tests.attacks.picture_bombs import BOMBS
from tests.made_files import dicom, ramp

pytestmark = [
    pytest.mark.attack,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is told on Linux"),
]
SECONDS, MEGABYTES = 1.0, 300  # of a refusal
GOOD = dicom()


@pytest.fixture(scope="module")
def pool():
    pool = Pool(1)
    yield pool
    pool.close()


def ask(pool, content):
    return pool.run("mmbm.io.picture:decode", content, "film.dcm", Limits(), frame=0)


def peak_mb(pid):
    """The most memory a process has held, in MB; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if "VmHWM" in line), 0)


def processor_seconds(pid):
    """What a process has used: a busy machine does not count against it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def forget_peak(pid):
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb(pool, kind):
    content = BOMBS[kind]()
    assert ask(pool, GOOD).pixels.shape == (240, 256)  # the child is warm
    (worker,) = pool._idle
    pid = worker.process.pid
    forget_peak(pid)
    used, ends = processor_seconds(pid), []
    close = worker.close
    worker.close = lambda: (ends.append((peak_mb(pid), processor_seconds(pid))), close())[1]
    try:
        ask(pool, content)
    except InputError as exc:
        megabytes, until = ends[0] if ends else (peak_mb(pid), processor_seconds(pid))
        assert 10 < len(str(exc)) < 300
        assert "could not be read within 30" not in str(exc)
        assert until - used < SECONDS, str(exc)
        assert megabytes < MEGABYTES, str(exc)
    worker.close = close
    np.testing.assert_array_equal(ask(pool, GOOD).pixels, ramp())
