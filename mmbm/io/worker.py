"""The child side of the sandbox: takes bytes from a pipe, decodes, sends the case part back.

It never writes a file (the limit on file size is 0), a log or a core dump, and keeps nothing of
a file once it is answered. Standard output and error go nowhere: what codecs print is lost.
"""

from __future__ import annotations

import importlib
import math
import os
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import mmbm.errors
from mmbm.config import Limits
from mmbm.io import deadline, wire
from mmbm.text import sentence

__all__ = ["serve"]

_PRELOADED = (  # so that the first file does not wait for imports
    "pydicom.pixels",
    "imagecodecs",
    "PIL.JpegImagePlugin",
    "av",
    "soxr",
    "mmbm.io.dicom",
    "mmbm.io.picture",
    "mmbm.io.audio",
    "mmbm.io.notes",
    "mmbm.io.pdf",
    "mmbm.io.word",
    "lxml.etree",
    "pypdfium2",
)
_LASTING = 512 * 2**20  # bytes that a process may keep besides its answer
_GRACE = 5  # seconds past the parent's own clock, for a child whose parent has died


def serve() -> None:
    """Answer requests until the pipe closes."""
    incoming, outgoing = _own_pipes()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    _set_limit("RLIMIT_CORE", 0)
    _set_limit("RLIMIT_FSIZE", 0)
    warnings.simplefilter("ignore")  # this process is ours alone, and nobody reads its stderr
    for name in _PRELOADED:
        try:
            importlib.import_module(name)
        except ImportError:  # the decoder that needs it will say so
            continue
    while True:
        try:
            request, content = wire.receive(incoming, sys.maxsize)
        except wire.Broken:
            return
        header, arrays = _answer(request, bytes(content))
        del content
        header["ticket"] = request["ticket"]
        header["spent"] = _spent(sum(array.nbytes for array in arrays))
        wire.send(outgoing, header, [array.data for array in arrays])
        del header, arrays


def _spent(answer_bytes: int) -> bool:
    """Whether another process must read the next file: a codec still runs, or memory stays high."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):  # only Linux tells
        pages = 0
    kept = pages * os.sysconf("SC_PAGE_SIZE") - answer_bytes if pages else 0
    return deadline.left_behind() or kept > _LASTING


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Stdin and stdout under private numbers, so that no library can write into the stream."""
    incoming, outgoing = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    return os.fdopen(incoming, "rb", buffering=0), os.fdopen(outgoing, "wb", buffering=0)


def _answer(request: dict[str, Any], content: bytes) -> tuple[dict[str, Any], list[Any]]:
    try:
        limits = Limits.model_validate(request["limits"])
        decode = _decoder(request["task"])
        _fresh_limits(limits)
        part = decode(content, request["name"], limits, **request["options"])
        fields, arrays = wire.take_apart(part)
    except mmbm.errors.MMBMError as exc:
        return {"error": type(exc).__name__, "sentence": exc.sentence.coded()}, []
    except MemoryError:
        return {"error": "memory"}, []
    except ImportError as exc:
        said = sentence("io.file.no_library", library=exc.name or "?")
        return {"error": "UnreadableFile", "sentence": said.coded()}, []
    except BaseException:  # noqa: BLE001  codecs raise anything, some panic past Exception
        return {"error": "damaged"}, []
    finally:
        _stop_alarm()
    return {"kind": type(part).__name__, "fields": fields}, arrays


def _decoder(task: str) -> Callable[..., wire.Part]:
    module, _, function = task.partition(":")
    found: Callable[..., wire.Part] = getattr(importlib.import_module(module), function)
    return found


def _fresh_limits(limits: Limits) -> None:
    """Memory for the process, processor time and wall clock for this one file."""
    _set_limit("RLIMIT_AS", limits.decode_memory)
    times = os.times()
    _set_limit("RLIMIT_CPU", math.ceil(times.user + times.system + limits.decode_seconds) + 1)
    if hasattr(signal, "alarm"):  # its default action ends the process, also inside C code
        signal.alarm(math.ceil(limits.decode_seconds) + _GRACE)


def _stop_alarm() -> None:
    if hasattr(signal, "alarm"):
        signal.alarm(0)


def _set_limit(name: str, soft: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent's clock still holds
        return
    which = getattr(resource, name, None)
    if which is None:
        return
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    try:
        resource.setrlimit(which, (soft, hard))
    except (OSError, ValueError):  # macOS refuses RLIMIT_AS; the other limits still hold
        return
