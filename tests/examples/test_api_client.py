"""The client for programs asks a running server, and waits where it is busy."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace
from urllib.error import HTTPError

import pytest

import mmbm
from mmbm.predict import Predictor
from mmbm.report import case_report
from mmbm.serve import alone
from mmbm.serve.gate import Gate
from tests.made_server import served

CLIENT = Path(__file__).parents[2] / "examples" / "api_client.py"
KEY = "a key of twenty-odd letters"
NOTE = "Fever and a productive cough."


class BusyOnce(Gate):
    """Full at the first call."""

    def place(self, size):
        self.most, calls = 16, self.most
        return super().place(size) if calls else Gate(calls=0).place(size)


@pytest.fixture
def client():
    spec = importlib.util.spec_from_file_location("api_client", CLIENT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_gets_the_report_with_its_key_after_waiting(client, tiny_model_dir, monkeypatch):
    monkeypatch.setenv("MMBM_API_KEY", KEY)
    predictor = Predictor.load(tiny_model_dir, "cpu")
    waited = []
    monkeypatch.setattr(client, "time", SimpleNamespace(sleep=waited.append))
    with served(alone.application(lambda: predictor, gate=BusyOnce(calls=0))) as address:
        report = client.analyse({"notes": NOTE.encode()}, address, KEY)
        with pytest.raises(HTTPError) as refused:
            client.analyse({"notes": NOTE.encode()}, address, "another")
        refused.value.close()
    wanted = case_report(mmbm.analyse(mmbm.read_case(notes=NOTE), predictor))
    same = json.loads(wanted.model_dump_json())
    assert report["findings"] == same["findings"] and waited == [1.0]
