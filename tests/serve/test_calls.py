"""The interface for programs: answers equal to the library's, refusals that say why."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from starlette.requests import Request
from starlette.testclient import TestClient

import mmbm
from mmbm.errors import OutOfMemory
from mmbm.predict import Predictor
from mmbm.report import CaseReport, case_report
from mmbm.serve import alone, form
from mmbm.serve.gate import Gate
from mmbm.serve.logs import log_no_values
from mmbm.serve.refusals import Refused
from mmbm.text import sentence

MINE = ("127.0.0.1", 50_000)


@pytest.fixture(scope="module")
def predictor(tiny_model_dir) -> Predictor:
    return Predictor.load(tiny_model_dir, "cpu")


def calling(predictor, base="http://127.0.0.1:8501", **options) -> TestClient:
    app = alone.application(lambda: predictor, **options)
    return TestClient(app, base_url=base, client=MINE)


@pytest.fixture
def client(predictor, monkeypatch):
    monkeypatch.delenv("MMBM_API_KEY", raising=False)
    with calling(predictor) as opened:
        yield opened


def film(seed: int) -> bytes:
    kept = io.BytesIO()
    greys = np.random.default_rng(seed).integers(0, 255, (64, 64), dtype=np.uint8)
    Image.fromarray(greys).save(kept, "PNG")
    return kept.getvalue()


def problem(answer) -> dict:
    said = answer.json()["error"]
    words = mmbm.text.Sentence.decoded({"code": said["code"], "values": said["values"]})
    assert said["sentence"] == str(words)
    return said["code"]


def test_an_analysis_is_the_librarys(client, predictor):
    note = "Fever and a productive cough for three days."
    given = {"image": ("SMITH.png", film(1), "image/png")}
    asked = {"notes": note, "level": "0.8", "prevalence": "pneumonia=0.05"}
    answer = client.post("/v1/analyses", files=given, data=asked)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    case = mmbm.read_case(image=film(1), notes=note)
    wanted = mmbm.analyse(case, predictor, level=0.8, prevalence={"pneumonia": 0.05})
    assert answer.json() == json.loads(case_report(wanted).model_dump_json())
    assert CaseReport.model_validate(answer.json()).trust.level == 0.8
    assert "SMITH" not in answer.text and note not in answer.text


def test_many_at_once_are_not_mixed(client, predictor):
    notes = [f"Fever for {days} days, crackles, cough." for days in range(24)]
    whole = {n: case_report(mmbm.analyse(mmbm.read_case(notes=n), predictor)) for n in notes}

    def ask(note: str) -> list[float]:
        answer = client.post("/v1/analyses", files={"notes": (None, note)})
        return [f["logit"] for f in answer.json()["findings"]]

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(ask, notes))
    assert given == [[f.logit for f in whole[note].findings] for note in notes]
    assert len({tuple(logits) for logits in given}) > 1


@pytest.mark.parametrize(
    ("files", "data", "status", "code"),
    [
        ({}, {"level": "0.9"}, 422, "io.case.empty"),
        ({"image": b"no picture at all"}, {}, 422, "io.image.unknown"),
        ({"image": b"GIF89a" + bytes(40)}, {}, 415, None),
        ({"image": film(1)[:-40]}, {}, 422, None),
        ({"image": b""}, {}, 422, "io.file.empty"),
        ({}, {"notes": "  "}, 422, None),
        ({}, {"notes": "Cough.", "level": "0.7"}, 422, None),
        ({}, {"notes": "Cough.", "level": "nan"}, 422, "serve.number"),
        ({}, {"notes": "Cough.", "frame": "-1"}, 422, "serve.number"),
        ({}, {"notes": "Cough.", "prevalence": "pneumonia"}, 422, "serve.number"),
        ({}, {"notes": "Cough.", "prevalence": "gout=0.1"}, 422, None),
        ({}, {"notes": ["Cough.", "Fever."]}, 422, "serve.twice"),
        ({}, {"notes": "Cough.", "level": "0." + "8" * 60}, 422, "serve.number"),
        ({}, {"prevalence": ["pneumonia=0.1", "pneumonia=0.2"]}, 422, "serve.twice"),
        ({}, {"SMITH": "x"}, 422, "serve.unknown_part"),
    ],
)
def test_what_cannot_be_scored_is_refused(client, files, data, status, code):
    parts = [
        (n, (None, v)) for n, vs in data.items() for v in ([vs] if isinstance(vs, str) else vs)
    ]
    answer = client.post("/v1/analyses", files=[*files.items(), *parts])
    assert answer.status_code == status, answer.text
    assert problem(answer) == code or code is None
    assert "SMITH" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/analyses", 405, "serve.method"),
        ("POST", "/v1/model", 405, "serve.method"),
        ("GET", "/v1/nothing", 404, "serve.no_path"),
        ("GET", "/v1", 404, "serve.no_path"),
    ],
)
def test_another_path_or_method_is_refused_in_json(client, method, path, status, code):
    answer = client.request(method, path)
    assert (answer.status_code, problem(answer)) == (status, code)
    assert status != 405 or answer.headers["allow"] in ("GET", "POST")


def test_a_form_that_is_none_is_refused(client, monkeypatch):
    form_type = {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post("/v1/analyses", json={"notes": "Cough."})
    assert (answer.status_code, problem(answer)) == (415, "serve.no_form")
    part = b'--x\r\nContent-Disposition: form-data; name="notes"\r\n\r\nCough.'
    for broken in (b"--x\r\nbroken", b"", part, part + b"\r\n--x\r\n", b"x"):
        answer = client.post("/v1/analyses", content=broken, headers=form_type)
        assert (answer.status_code, problem(answer)) == (400, "serve.broken_form"), broken
    for kind in (form_type, {"content-type": "Multipart/Form-Data; boundary=x"}):
        whole = client.post("/v1/analyses", content=part + b"\r\n--x--", headers=kind)
        assert whole.status_code == 200
    answer = client.post("/v1/analyses", content=iter([b"--x--"]), headers=form_type)
    assert (answer.status_code, problem(answer)) == (411, "serve.length")
    monkeypatch.setattr(form, "LONGEST_FORM", 1000)
    answer = client.post("/v1/analyses", files={"image": bytes(2000)})
    assert (answer.status_code, problem(answer)) == (413, "serve.too_long")


def test_a_broken_form_is_not_quoted_in_the_log(client, monkeypatch, caplog):
    monkeypatch.setattr(logging, "_logRecordFactory", logging.LogRecord)
    log_no_values()
    form_type = {"content-type": "multipart/form-data; boundary=x"}
    for broken in (b"SMITH JOHN", b"--x\r\nSMITH JOHN: \r\n\r\n"):
        assert client.post("/v1/analyses", content=broken, headers=form_type).status_code == 400
    assert "python_multipart" not in {record.name.split(".")[0] for record in caplog.records}


def test_more_than_was_announced_is_not_taken(client):
    answer = client.post(
        "/v1/analyses",
        content=b"--x\r\n" + bytes(500),
        headers={"content-type": "multipart/form-data; boundary=x", "content-length": "20"},
    )
    assert (answer.status_code, problem(answer)) == (413, "serve.too_long")


def test_a_form_that_never_arrives_is_given_up(monkeypatch):
    monkeypatch.setattr(form, "SECONDS", 0.05)
    kind = (b"content-type", b"multipart/form-data; boundary=x")

    async def asked():
        never = asyncio.Event()
        request = Request({"type": "http", "headers": [kind]}, receive=never.wait)
        await form.read_form(request, 100)

    with pytest.raises(Refused) as refused:
        asyncio.run(asked())
    assert (refused.value.status, refused.value.why.code) == (408, "serve.slow")


def test_nothing_is_written_to_the_disk(client, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda *_, **__: pytest.fail("a file"))
    large = film(2) + bytes(3 * 2**20)  # three times what Starlette keeps in memory
    assert client.post("/v1/analyses", files={"image": large}).status_code in (200, 415, 422)


def test_a_full_house_says_when_to_come_again(predictor, monkeypatch):
    monkeypatch.delenv("MMBM_API_KEY", raising=False)
    gate, inside, go = Gate(calls=1), threading.Event(), threading.Event()

    class Slow:
        def __getattr__(self, name):
            inside.set()
            go.wait(60)
            return getattr(predictor, name)

    with calling(Slow(), gate=gate) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/v1/analyses", files={"notes": b"Cough."})
        assert inside.wait(60)
        second = client.post("/v1/analyses", files={"notes": b"Fever."})
        assert (second.status_code, problem(second)) == (429, "serve.busy")
        assert 1 <= int(second.headers["retry-after"]) <= 60
        assert client.get("/v1/health").json()["calls"] == 1
        go.set()
        assert first.result().status_code == 200
        assert client.get("/v1/health").json()["calls"] == 0
        assert client.post("/v1/analyses", files={"notes": b"Fever."}).status_code == 200


def test_the_bytes_of_all_calls_are_bounded():
    gate = Gate(calls=9, size=100)
    with gate.place(80):
        with pytest.raises(Refused), gate.place(30):
            pass
        with gate.place(20):
            assert (gate.inside, gate.held) == (2, 100)
    assert (gate.inside, gate.held) == (0, 0)


def test_the_model_is_described(client, predictor):
    told = client.get("/v1/model").json()
    assert told["sha256"] == predictor.identity.sha256
    assert [f["name"] for f in told["findings"]] == list(predictor.config.findings)
    assert told["levels"] == [0.8, 0.9, 0.95] and "not a medical device" in told["notice"]
    assert client.get("/v1/health").json()["status"] == "ok"


def test_a_sentence_is_in_the_callers_language(client):
    answer = client.get("/v1/nothing", headers={"accept-language": "zh-CN,zh;q=0.9"})
    assert answer.json()["error"]["sentence"].startswith("没有此接口")


def test_what_fails_unforeseen_says_nothing_of_the_case(client, monkeypatch, caplog):
    name = "SMITH"

    def fails(*_, **__):
        raise RuntimeError(name)

    monkeypatch.setattr("mmbm.serve.routes.analyse", fails)
    answer = client.post("/v1/analyses", files={"notes": b"Cough."})
    assert (answer.status_code, problem(answer)) == (500, "serve.failed")
    assert name not in answer.text + caplog.text and "RuntimeError" in caplog.text


def test_no_memory_is_the_servers_fault(client, monkeypatch):
    def fails(*_, **__):
        raise OutOfMemory(sentence("memory.out"))

    monkeypatch.setattr("mmbm.serve.routes.analyse", fails)
    answer = client.post("/v1/analyses", files={"notes": b"Cough."})
    assert (answer.status_code, problem(answer)) == (503, "memory.out")
