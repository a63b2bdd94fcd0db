"""Who may call the interface for programs."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from mmbm.errors import ConfigError
from mmbm.serve import alone
from mmbm.serve.access import refusal

KEY = "a key of twenty-odd letters"
MINE, OTHER = ("127.0.0.1", 50_000), ("192.0.2.7", 50_000)


def status(app, client=MINE, base="http://127.0.0.1:8501", **headers) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return TestClient(app, base_url=base, client=client).get("/v1/model", headers=named).status_code


@pytest.fixture
def app(monkeypatch):
    monkeypatch.delenv("MMBM_API_KEY", raising=False)
    return alone.application(no_model)


def no_model():
    raise ConfigError("let in")


IN = 422  # the call got as far as the model


def test_without_a_key_this_machine_may_call_and_no_other(app):
    assert status(app) == IN
    assert status(app, client=OTHER) == 403
    assert status(alone.application(no_model, alone=False)) == 403  # a proxy may stand before it


def test_with_a_key_all_need_it(app, monkeypatch):
    monkeypatch.setenv("MMBM_API_KEY", KEY)
    other = alone.application(no_model, alone=False)
    for ends in ({"client": MINE}, {"client": OTHER, "base": "http://192.0.2.1"}):
        assert status(other, **ends) == 401
        assert status(other, **ends, authorization=f"Bearer {KEY}x") == 401
        assert status(other, **ends, authorization=KEY) == 401
        assert status(other, **ends, authorization=f"Bearer {KEY}") == IN
    assert status(app) == 401


@pytest.mark.parametrize("key", ["schlüssel für köln", "钥匙" * 8, "sixteen letters à"])
def test_a_key_may_have_any_letters(app, monkeypatch, key):
    monkeypatch.setenv("MMBM_API_KEY", key)
    for form in {key.encode(), key.encode("latin-1" if key < "\u0100" else "utf-8")}:
        assert status(app, authorization=b"Bearer " + form) == IN
        assert status(app, authorization=b"Bearer " + form + "é".encode()) == 401
    assert status(app, authorization=b"Bearer " + b"?" * len(key)) == 401


def test_a_key_that_is_too_short_lets_nobody_in(app, monkeypatch):
    monkeypatch.setenv("MMBM_API_KEY", "short")
    assert status(app) == status(app, authorization="Bearer short") == 403


def test_a_page_of_another_site_may_not_call(app):
    assert status(app, origin="https://elsewhere.example") == 403
    assert status(app, origin="http://127.0.0.1:8501") == IN
    assert status(app, origin="null") == 403
    assert status(app, origin="http://[::1") == 403


def test_another_name_of_this_machine_is_refused(app):
    assert status(app, base="http://elsewhere.example") == 400


def test_an_open_address_wants_a_key(monkeypatch):
    monkeypatch.delenv("MMBM_API_KEY", raising=False)
    assert refusal("127.0.0.1") is None and refusal("::1") is None
    assert refusal("0.0.0.0").code == "serve.open"
    with pytest.raises(ConfigError, match=r"other machines can reach 0\.0\.0\.0"):
        alone.run("default", "cpu", "0.0.0.0", 1)
    monkeypatch.setenv("MMBM_API_KEY", "short")
    assert refusal("127.0.0.1").code == refusal("0.0.0.0").code == "serve.short_key"
    monkeypatch.setenv("MMBM_API_KEY", KEY)
    assert refusal("0.0.0.0") is None
