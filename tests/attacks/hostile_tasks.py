"""What a broken or hostile decoder might do; the sandbox's child runs these by name."""

import ctypes
import hashlib
import os
import signal
import sys
import time
from pathlib import Path

from mmbm.case import Notes
from mmbm.errors import ConfigError, NoSignal
from mmbm.io import deadline

HELD = []


def echo(content, name, limits):
    return Notes(content.decode())


def who(content, name, limits):
    return Notes(str(os.getpid()))


def hang(content, name, limits):
    time.sleep(60)


def spin(content, name, limits):
    while True:
        pass


def eat_memory(content, name, limits):
    return Notes("x" * (10 * limits.decode_memory))


def leave_behind(content, name, limits):
    try:  # a codec without end, that lets go of Python's lock
        deadline.within(0.1, lambda: hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9))
    except deadline.OutOfTime as exc:
        raise NoSignal("It was left behind.") from exc


def hold_memory(content, name, limits):
    HELD.append(bytearray(600 * 2**20))
    return who(content, name, limits)


def abort(content, name, limits):
    os.abort()


def segfault(content, name, limits):
    ctypes.string_at(0)


def kill(content, name, limits):
    os.kill(os.getpid(), signal.SIGKILL)


def leave(content, name, limits):
    sys.exit(0)


def refuse(content, name, limits):
    raise NoSignal("There is nothing in it.")


def raise_secret(content, name, limits):
    raise ValueError(f"bad value {content!r}")


def raise_other(content, name, limits):
    raise ConfigError("not an input error")


def shout(content, name, limits):
    print("secret on stdout", flush=True)
    print("secret on stderr", file=sys.stderr, flush=True)
    os.write(1, b"secret on 1")
    os.write(2, b"secret on 2")
    return Notes("shouted")


def write_file(content, name, limits):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    Path(name).write_bytes(content)
    return Notes("written")


def wrong_type(content, name, limits):
    return {"not": "a case part"}


def modules(content, name, limits):
    return Notes(" ".join(sorted(sys.modules)))


def environment(content, name, limits):
    return Notes(" ".join(os.environ))
