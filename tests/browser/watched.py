"""The dashboard's server with a window into its memory, and another model on request, for tests."""

import asyncio
import gc
import io
import os
import sys

import numpy as np
from google.protobuf.message import Message
from starlette.responses import JSONResponse
from starlette.routing import Route
from streamlit import runtime

from dashboard.app import app
from tests.made_planted import marks_in


def held():
    """(kind of holder, identifier) for every live object that holds one."""
    gc.unfreeze()  # else what is frozen is not listed
    gc.collect()
    found = set()
    here = {id(sys._getframe())}
    for holder in gc.get_objects():
        if id(holder) in here or type(holder).__name__ in ("frame", "module"):
            continue
        for thing in [holder, *gc.get_referents(holder)]:
            for mark in marks_in(*words_of(thing)):
                found.add((f"{type(holder).__module__}.{type(holder).__qualname__}", mark))
    return sorted(found)


def words_of(thing):
    """What an object says by itself."""
    if isinstance(thing, str):
        return [thing.encode("utf-8", "replace")]
    if isinstance(thing, (bytes, bytearray)):
        return [bytes(thing)]
    if isinstance(thing, memoryview):
        return [thing.tobytes()]
    if isinstance(thing, io.BytesIO) and not thing.closed:
        return [thing.getvalue(), str(getattr(thing, "name", ""))]
    if isinstance(thing, np.ndarray) and thing.dtype.kind in "USO":
        return [str(thing.tolist())]
    if isinstance(thing, Message):
        return [thing.SerializeToString()]
    return []


async def watch(request):
    server = runtime.get_instance()
    uploads, media = server.uploaded_file_mgr, server.media_file_mgr
    return JSONResponse(
        {
            "held": await asyncio.to_thread(held) if "held" in request.query_params else [],
            "uploads": sum(len(files) for files in uploads.file_storage.values()),
            "media": sorted(media._file_metadata),
            "sessions": len(server._session_mgr.list_sessions()),
        }
    )


async def use(request):
    os.environ["MMBM_MODEL"] = request.query_params["model"]
    return JSONResponse({})


if __name__ == "__main__":
    app._user_routes += [Route("/watch", watch), Route("/use", use)]
    app.run(config={"server.port": int(sys.argv[1])})
