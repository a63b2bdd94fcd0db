"""What the model and the server say of themselves, and the OpenAPI document."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import mmbm
from mmbm.findings import not_assessed, title
from mmbm.model.tables import LEVELS
from mmbm.predict import Predictor
from mmbm.report import CaseReport
from mmbm.serve.form import LONGEST_FORM
from mmbm.serve.gate import Gate
from mmbm.serve.refusals import Problem
from mmbm.text import sentence

__all__ = ["Health", "ModelEntry", "described", "health", "openapi"]

REFUSED = (400, 401, 403, 408, 411, 413, 415, 422, 429, 500, 503)  # statuses of no analysis


class FindingOfModel(BaseModel):
    """A finding that the model scores."""

    name: str
    title: str
    status: str  # by the model's evaluation record
    calibrated_prevalence: float | None  # at which its probabilities hold


class ModelEntry(BaseModel):
    """The model that scores the cases."""

    notice: str
    name: str
    version: str
    sha256: str
    mmbm_version: str
    device: str
    modalities: list[str]
    findings: list[FindingOfModel]
    not_assessed: list[str]
    levels: list[float]  # that answers can be had at


class Health(BaseModel):
    """Whether the server answers, and how busy it is."""

    status: str
    mmbm_version: str
    calls: int  # inside now
    most_calls: int


def health(gate: Gate) -> Health:
    """Asks nothing of the model."""
    return Health(
        status="ok", mmbm_version=mmbm.__version__, calls=gate.inside, most_calls=gate.most
    )


def described(predictor: Predictor) -> ModelEntry:
    """The model as a program needs to know it."""
    named, config = predictor.identity, predictor.config
    return ModelEntry(
        notice=str(sentence("report.notice")),
        name=named.name,
        version=named.version,
        sha256=named.sha256,
        mmbm_version=mmbm.__version__,
        device=predictor.device,
        modalities=list(config.modalities),
        findings=[
            FindingOfModel(
                name=name,
                title=str(title(name)),
                status=predictor.standing.get(name, "not_assessed"),
                calibrated_prevalence=predictor.calibrated[name].prevalence
                if name in predictor.calibrated
                else None,
            )
            for name in config.findings
        ],
        not_assessed=[str(name) for name in not_assessed(config.findings).values()],
        levels=[float(level) for level in LEVELS],
    )


@cache
def openapi() -> dict[str, Any]:
    """The document of the interface, OpenAPI 3.1."""
    answers: list[type[BaseModel]] = [CaseReport, ModelEntry, Health, Problem]
    _, schemas = models_json_schema(
        [(answer, "serialization") for answer in answers],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "MMBM",
            "version": mmbm.__version__,
            "description": str(sentence("report.notice")),
        },
        "paths": {
            "/v1/analyses": {"post": _analyses()},
            "/v1/model": {"get": _reading("The model", ModelEntry, 401, 403, 500)},
            "/v1/health": {"get": _reading("The server", Health) | OPEN},
            "/v1/openapi.json": {"get": _reading("This document", None) | OPEN},
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}, {}],
    }


OPEN: dict[str, Any] = {"security": []}  # no key is asked for


def _analyses() -> dict[str, Any]:
    """Scoring a case."""
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    share = {"type": "string", "pattern": r"^[a-z_]+=0\.[0-9]{1,6}$"}
    form = {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            "image": file | {"description": "DICOM, PNG or JPEG"},
            "notes": {"type": "string", "description": "Text, or a file"},
            "audio": file | {"description": "Nearly any sound file"},
            "frame": {"type": "integer", "minimum": 0, "maximum": 511},
            "level": {"enum": [float(level) for level in LEVELS]},
            "prevalence": {
                "type": "array",
                "items": share,
                "description": "As pneumonia=0.05",
            },
        },
    }
    return {
        "summary": "Score a case",
        "x-most-bytes": LONGEST_FORM,
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}},
        "responses": _answers(CaseReport, *REFUSED),
    }


def _reading(summary: str, answer: type[BaseModel] | None, *refused: int) -> dict[str, Any]:
    return {"summary": summary, "responses": _answers(answer, *refused)}


def _answers(answer: type[BaseModel] | None, *refused: int) -> dict[str, Any]:
    """The answers by their status."""
    found = {"200": {"description": "OK"} | _json(answer)}
    for number in refused:
        found[str(number)] = {"description": HTTPStatus(number).phrase} | _json(Problem)
    return found


def _json(answer: type[BaseModel] | None) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{answer.__name__}"} if answer else {"type": "object"}
    return {"content": {"application/json": {"schema": schema}}}
