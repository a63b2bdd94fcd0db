"""The interface does what its OpenAPI document says, whatever it is sent."""

from __future__ import annotations

import os

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi import checks

from mmbm.predict import Predictor
from mmbm.serve import alone
from tests.made_server import served

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("MMBM_FULL", 0)) * 500 or 12  # of each call, right and wrong ones
# not "positive data is accepted": a document cannot say which bytes are a radiograph
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
    checks.allow_header_conformance,
]


@pytest.fixture(scope="module")
def interface(tiny_model_dir):
    predictor = Predictor.load(tiny_model_dir, "cpu")
    with served(alone.application(lambda: predictor)) as address:
        yield schemathesis.openapi.from_url(f"{address}/v1/openapi.json")


RIGHT, WRONG = schemathesis.GenerationMode
CALLS = (  # nothing that is asked for by a GET can be wrong
    ("/v1/analyses", "post", RIGHT),
    ("/v1/analyses", "post", WRONG),
    ("/v1/model", "get", RIGHT),
    ("/v1/health", "get", RIGHT),
)


@pytest.mark.parametrize(("path", "method", "mode"), CALLS)
def test_what_is_sent_is_answered_as_documented(interface, path, method, mode, monkeypatch):
    monkeypatch.delenv("MMBM_API_KEY", raising=False)
    operation = interface[path][method]

    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def sent(case):
        case.call_and_validate(checks=CHECKS)

    sent()


def test_all_calls_are_tried(interface):
    """But the document's own, which schemathesis leaves out."""
    found = {(o.ok().path, o.ok().method) for o in interface.get_all_operations()}
    assert found == {(path, method) for path, method, _ in CALLS}
