from __future__ import annotations

import socket

import numpy as np
import pytest
from starlette.testclient import TestClient

from mmbm.errors import ConfigError, UnsupportedFile
from mmbm.io import read_case
from mmbm.serve import alone
from tests.made_files import picture, ramp


def never():
    raise AssertionError("no call here needs the model")


@pytest.mark.parametrize("host", ["evil.example", "", "127.0.0.1.evil.example", "[::1"])
def test_a_call_by_another_host_gets_json(host):
    caller = TestClient(alone.application(never), base_url="http://127.0.0.1")
    answer = caller.get("/v1/health", headers={"host": host, "accept-language": "zh"})
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "serve.host"
    assert "主机名" in answer.json()["error"]["sentence"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost", "[::1]:8501"])
def test_this_machine_s_names_pass(host):
    caller = TestClient(alone.application(never), base_url="http://127.0.0.1")
    assert caller.get("/v1/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/v2/model", "/favicon.ico"])
def test_another_path_gets_json(path):
    answer = TestClient(alone.application(never), base_url="http://127.0.0.1").get(path)
    assert answer.status_code == 404 and answer.json()["error"]["code"] == "serve.no_path"
    assert "/v1/analyses" in answer.json()["error"]["sentence"]


def test_a_port_that_is_taken_or_none_is_refused_first():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for port in (taken.getsockname()[1], 99_999):
            with pytest.raises(ConfigError, match=f"Port {port} of 127"):
                alone.run("absent", "cpu", "127.0.0.1", port)


def test_an_ipv6_address_may_stand_in_brackets(monkeypatch):
    served = []
    monkeypatch.setattr(alone, "_refuse_taken", lambda address, port: served.append(address))
    monkeypatch.setattr(alone, "warm", lambda: None)
    monkeypatch.setattr(alone.Predictor, "load", lambda model, device: None)
    monkeypatch.setattr(alone.uvicorn, "run", lambda app, host, **_: served.append(host))
    alone.run("any", "cpu", "[::1]", 8501)
    assert served == ["::1", "::1"]


@pytest.mark.parametrize("frame", [9, -1])
def test_a_frame_that_a_picture_has_not_is_refused(frame):
    with pytest.raises(UnsupportedFile, match=f"Frame {frame + 1} was requested; the file has 1"):
        read_case(image=picture((ramp() // 16).astype(np.uint8)), frame=frame)
