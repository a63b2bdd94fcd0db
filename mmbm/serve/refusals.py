"""What a caller is told where there is no answer: a status, and our sentence with its code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mmbm.errors import (
    ConfigError,
    MMBMError,
    NoSignal,
    OutOfMemory,
    TooLarge,
    UnreadableFile,
    UnsupportedFile,
)
from mmbm.text import Language, Sentence, sentence

__all__ = ["Problem", "Refused", "refuse", "status_of"]

NO_STORE = {"cache-control": "no-store"}
STATUSES: dict[type[MMBMError], int] = {
    TooLarge: 413,
    UnsupportedFile: 415,
    UnreadableFile: 422,
    NoSignal: 422,
    ConfigError: 422,
    OutOfMemory: 503,
}


class Said(BaseModel):
    """A sentence: its code and values, and what they say in the language that was asked for."""

    code: str
    values: dict[str, Any]
    sentence: str


class Problem(BaseModel):
    """Why there is no answer; never with a patient's data in it."""

    error: Said


class Refused(Exception):
    """A call that gets no analysis, with its status and headers."""

    def __init__(self, status: int, why: Sentence, headers: Mapping[str, str] | None = None):
        super().__init__(why)
        self.status, self.why, self.headers = status, why, dict(headers or {})


def status_of(refusal: MMBMError) -> int:
    """The status that says whose fault it is: 4xx the caller's, 5xx the server's."""
    return next((number for kind, number in STATUSES.items() if isinstance(refusal, kind)), 500)


def refuse(request: Request, status: int, why: Sentence, headers: Mapping[str, str]) -> Response:
    """The answer that says why, in the caller's language."""
    said = Said(**why.coded(), sentence=why.into(_language(request)))
    body = Problem(error=said).model_dump(mode="json")
    return JSONResponse(body, status, headers={**NO_STORE, **headers})


def of_error(request: Request, error: Exception) -> Response:
    """The answer to a call that raised."""
    if isinstance(error, Refused):
        return refuse(request, error.status, error.why, error.headers)
    if isinstance(error, MMBMError):
        return refuse(request, status_of(error), error.sentence, {})
    return refuse(request, 500, sentence("serve.failed"), {})


def _language(request: Request) -> Language:
    """Chinese where the caller asks for it first, else English."""
    first = request.headers.get("accept-language", "").strip().lower()
    return "zh" if first.startswith("zh") else "en"
