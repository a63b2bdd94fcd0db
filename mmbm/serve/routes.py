"""The routes under ``/v1``, for the server of the pages and for one without pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from mmbm.analysis import analyse
from mmbm.errors import MMBMError
from mmbm.predict import Predictor
from mmbm.report import CaseReport, case_report
from mmbm.serve.access import admit
from mmbm.serve.described import described, health, openapi
from mmbm.serve.form import Asked, announced, read_form
from mmbm.serve.gate import Gate
from mmbm.serve.logs import in_lines
from mmbm.serve.refusals import NO_STORE, Refused, of_error
from mmbm.text import sentence

__all__ = ["CALLS", "Api", "no_path", "routes"]

CALLS = ("analyses", "model", "health", "openapi.json")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
LANES = 4  # calls that are decoded and scored at once; the model's one worker takes them in turn
_log = logging.getLogger("mmbm.serve")

Answer = Callable[[Request], Awaitable[Response]]


class Api:
    """The calls under ``/v1``: ``model`` gives the predictor, which is the pages' own.

    ``alone`` says whether the server is for this machine by its settings.
    """

    def __init__(
        self, model: Callable[[], Predictor], alone: Callable[[], bool], gate: Gate | None = None
    ) -> None:
        self.model, self.alone = model, alone
        self.gate = Gate() if gate is None else gate
        self.lanes = ThreadPoolExecutor(LANES, "mmbm-call")

    async def analyses(self, request: Request) -> Response:
        """Score the case in the form."""
        admit(request, alone=self.alone())
        size = announced(request)
        with self.gate.place(size):
            asked = await read_form(request, size)
            return _json(await self._in_a_lane(lambda: self._report(asked)))

    def _report(self, asked: Asked) -> CaseReport:
        case, model = asked.case(), self.model()
        return case_report(analyse(case, model, level=asked.level, prevalence=asked.prevalence))

    async def of_model(self, request: Request) -> Response:
        """Which model scores."""
        admit(request, alone=self.alone())
        return _json(described(await self._in_a_lane(self.model)))

    async def of_health(self, request: Request) -> Response:
        """Whether the server answers; anyone may ask who may call."""
        return _json(health(self.gate))

    async def of_interface(self, request: Request) -> Response:
        """The OpenAPI document."""
        return JSONResponse(openapi(), headers=NO_STORE)

    async def _in_a_lane(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.lanes, work)


def no_path() -> Refused:
    """Why a call of another path has no answer."""
    return Refused(404, sentence("serve.no_path", known=tuple(f"/v1/{path}" for path in CALLS)))


def routes(api: Api) -> list[BaseRoute]:
    """One route for all that lies under ``/v1``, so that every answer there is JSON."""
    calls: dict[str, tuple[str, Answer]] = {
        "analyses": ("POST", api.analyses),
        "model": ("GET", api.of_model),
        "health": ("GET", api.of_health),
        "openapi.json": ("GET", api.of_interface),
    }

    async def call(request: Request) -> Response:
        path = request.path_params.get("path", "")
        if path not in calls:
            raise no_path()
        method, answer = calls[path]
        if request.method not in (method, "HEAD" if method == "GET" else method):
            raise Refused(405, sentence("serve.method", method=method), {"allow": method})
        return await answer(request)

    async def answered(request: Request) -> Response:
        try:
            return await call(request)
        except Exception as error:  # noqa: BLE001  a caller gets JSON whatever happens
            if not isinstance(error, Refused | MMBMError):
                _log.error("a call failed: %s", in_lines(error))
            return of_error(request, error)

    return [Route(path, answered, methods=METHODS) for path in ("/v1", "/v1/{path:path}")]


def _json(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(), headers=NO_STORE, media_type="application/json")
