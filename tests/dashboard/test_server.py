import ast
import asyncio
import json
import logging
import os
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit import config
from streamlit.web.server.app_discovery import discover_asgi_app

import dashboard
from dashboard.server import guard, headers, keeping, settings
from mmbm.serve import logs

HERE = Path(dashboard.__file__).parent
ROOT = HERE.parent
MINE = ("127.0.0.1", 50_000)
PATHS = (
    "/_stcore/metrics",
    "/_stcore/agent/openapi.json",
    "/_stcore/agent/mcp",
    "/_stcore/script-health-check",
    "/base/_stcore/metrics",
    "/_stcore/upload_file/a/b",
)


@pytest.fixture
def client():
    """A server behind the guard, called from this machine by its own name."""

    async def hello(request):
        return PlainTextResponse("hello")

    app = Starlette(
        routes=[Route("/{path:path}", hello, methods=["GET", "PUT"])],
        middleware=[Middleware(guard.Guard)],
    )
    with TestClient(app, base_url="http://127.0.0.1:8501", client=MINE) as opened:
        yield opened


def test_both_copies_of_the_settings_are_equal():
    beside, above = (folder / ".streamlit" / "config.toml" for folder in (HERE, ROOT))
    assert beside.read_bytes() == above.read_bytes()
    assert beside == settings.CONFIG


def test_nothing_is_told_and_nothing_is_offered():
    told = tomllib.loads(settings.CONFIG.read_text(encoding="utf-8"))
    assert told["browser"]["gatherUsageStats"] is False
    assert told["server"]["enableAgentApi"] is False
    assert told["server"]["enableStaticServing"] is False
    assert told["server"]["scriptHealthCheckEnabled"] is False
    assert told["server"]["allowedHosts"] == ["127.0.0.1", "localhost", "::1"]
    assert told["server"]["disconnectedSessionTTL"] > keeping.GONE == 30
    assert told["client"]["showErrorDetails"] == "none"
    assert told["client"]["allowedOrigins"] == []
    assert told["runner"]["fastReruns"] is False, "two runs of a session lose uploads and clicks"


def test_a_running_server_is_held_to_the_settings(monkeypatch):
    for name, value in (("browser.gatherUsageStats", True), ("server.enableAgentApi", True)):
        config.set_option(name, value, "elsewhere")
    settings.hold()
    assert config.get_option("browser.gatherUsageStats") is False
    assert config.get_option("server.enableAgentApi") is False
    monkeypatch.setenv("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "true")
    config.get_config_options(force_reparse=True)  # as when a configuration file changes
    assert config.get_option("browser.gatherUsageStats") is False


@pytest.mark.parametrize(
    ("address", "alone"),
    [
        ("127.0.0.1", True), ("127.3.2.1", True), ("localhost", True), ("::1", True),
        ("[::1]", True), ("::ffff:127.0.0.1", True), ("0.0.0.0", False), ("::", False),
        ("192.0.2.7", False), ("::ffff:192.0.2.7", False), ("localhost.example", False),
        ("127.0.0.1.example", False), ("", False), (None, False), ("unix:///tmp/x", False),
    ],
)  # fmt: skip
def test_only_this_machine_can_reach_loopback(address, alone, monkeypatch):
    monkeypatch.setattr(settings, "login_is_set_up", lambda: False)
    assert settings.loopback(address) is alone
    assert (settings.refusal(address) is None) is alone
    monkeypatch.setattr(settings, "login_is_set_up", lambda: True)
    assert settings.refusal(address) is None


def test_a_login_wants_all_that_it_takes(monkeypatch):
    whole = dict.fromkeys(settings.LOGIN_KEYS, "x")
    for auth, ready in ((whole, True), ({**whole, "cookie_secret": ""}, False), ({}, False)):
        monkeypatch.setattr(settings.st, "secrets", {"auth": auth})
        assert settings.login_is_set_up() is ready


def test_every_answer_carries_the_headers(client):
    for path in ("/", "/_stcore/metrics"):
        answer = client.get(path)
        assert headers.headers().items() <= dict(answer.headers).items()
    policy = client.get("/").headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy
    assert "http" not in policy and "*" not in policy and "unsafe-eval" not in policy
    assert policy.count("'sha256-") == 2 and "script-src 'self' blob: 'sha256-" in policy


@pytest.mark.parametrize("path", PATHS)
def test_what_nobody_asks_for_is_closed(client, path):
    assert client.get(path).status_code == 404


def test_an_upload_may_be_given_but_not_taken(client):
    assert client.put("/_stcore/upload_file/a/b").status_code == 200
    assert client.get("/_stcore/health").status_code == 200


def test_a_call_from_elsewhere_is_refused_without_a_login(client, monkeypatch):
    other = TestClient(client.app, base_url="http://127.0.0.1", client=("192.0.2.7", 5))
    here = TestClient(client.app, base_url="http://192.0.2.8", client=MINE)
    monkeypatch.setattr(settings, "login_is_set_up", lambda: False)
    assert [c.get("/").status_code for c in (client, other, here)] == [200, 403, 403]
    monkeypatch.setattr(settings, "login_is_set_up", lambda: True)
    assert [c.get("/").status_code for c in (client, other, here)] == [200, 200, 200]


def test_a_server_that_skipped_the_start_lets_nobody_in(client):
    unchecked = guard.Guard(client.app)
    answer = TestClient(unchecked, base_url="http://127.0.0.1", client=MINE).get("/")
    assert answer.status_code == 503 and "mmbm serve" in answer.text


def test_an_unsafe_start_is_refused_in_one_sentence(monkeypatch):
    monkeypatch.setattr(settings, "login_is_set_up", lambda: False)
    monkeypatch.setattr(guard.config, "get_option", lambda name: "0.0.0.0")
    sent = []

    async def receive():
        return {"type": "lifespan.startup"}

    async def send(message):
        sent.append(message)

    layer = guard.Guard(lambda *_: pytest.fail("the server was started"))
    asyncio.run(layer({"type": "lifespan"}, receive, send))
    (said,) = sent
    assert said["type"] == "lifespan.startup.failed"
    assert said["message"].startswith("MMBM was not started: other machines can reach 0.0.0.0")
    assert "[auth]" in said["message"] and "secrets.toml" in said["message"]


def test_streamlit_finds_the_server_in_the_script():
    found = discover_asgi_app(HERE / "app.py")
    assert found.is_asgi_app and found.import_string == "app:app"
    assert "frame.py" in ast.unparse(ast.parse((HERE / "app.py").read_text(encoding="utf-8")))


def test_the_port_waits_for_none_of_the_models_libraries():
    code = "import sys, dashboard.app; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "timm", "scipy", "pandas"} & set(done.stdout.split())


def test_an_upload_up_to_the_limit_is_collected_in_memory():
    settings.hold()
    keeping.keep_uploads_off_the_disk()
    assert MultiPartParser.spool_max_size > config.get_option("server.maxUploadSize") * 2**20


def test_an_error_is_logged_by_kind_and_place_alone(monkeypatch):
    monkeypatch.setattr(logging, "_logRecordFactory", logging.LogRecord)
    logs.log_no_values()
    name = "SMITH JOHN"
    try:
        try:
            int(name)
        except ValueError as wrong:
            raise KeyError(name) from wrong
    except KeyError as error:
        record = logging.getLogger("x").makeRecord(
            "x", logging.ERROR, "f", 1, "failed", (), (KeyError, error, error.__traceback__)
        )
    said = logging.Formatter().format(record)
    assert said.startswith("failed") and "KeyError" in said and "ValueError" in said
    assert "test_server.py" in said and name not in said


class Sessions:
    """A server's sessions: two with a browser or without, files of each and of a third."""

    def __init__(self):
        self.browsers, self.closed, self.stopped = {"a"}, [], []
        self.uploaded_file_mgr = SimpleNamespace(
            file_storage={"a": {}, "b": {}, "c": {}},
            remove_session_files=lambda key: self.uploaded_file_mgr.file_storage.pop(key),
        )
        job = SimpleNamespace(stop=lambda: self.stopped.append("b"))
        dictated = SimpleNamespace(drop=lambda: self.stopped.append("dictation"))
        states = {"a": {}, "b": {"session": SimpleNamespace(jobs={1: job}, dictated=dictated)}}
        self.known = {
            key: SimpleNamespace(session=SimpleNamespace(id=key, session_state=state))
            for key, state in states.items()
        }
        self._session_mgr = SimpleNamespace(
            list_sessions=lambda: list(self.known.values()),
            is_active_session=lambda key: key in self.browsers,
        )

    def close_session(self, key):
        self.closed.append(key)
        del self.known[key]


def test_a_session_ends_thirty_seconds_after_its_browser():
    server = Sessions()
    since = keeping.end_sessions(server, {}, 100.0)
    assert since == {"b": 100.0} and "c" not in server.uploaded_file_mgr.file_storage
    since = keeping.end_sessions(server, since, 129.0)
    assert server.closed == []
    server.browsers.add("b")  # a reload finds its case
    assert keeping.end_sessions(server, since, 130.0) == {}
    server.browsers.clear()
    since = keeping.end_sessions(server, {}, 200.0)
    assert keeping.end_sessions(server, since, 230.0) == {}
    assert sorted(server.closed) == ["a", "b"] and server.stopped == ["b", "dictation"]


def start(command, folder, seconds=60.0, **environment):
    """Run a command until it has said something of where it listens, or ended."""
    keep = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(folder)} | environment
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=keep,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said, end = "", time.monotonic() + seconds
    while time.monotonic() < end and "URL:" not in said and process.poll() is None:
        said += process.stdout.readline()
    return process, said


def finish(process):
    process.terminate()
    rest, _ = process.communicate(timeout=30)
    return rest


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [["mmbm", "serve", "--port", "{port}"],
     ["streamlit", "run", str(HERE / "app.py"), "--server.port", "{port}"]],
)  # fmt: skip
def test_started_from_another_folder_it_listens_to_this_machine_alone(command, tmp_path):
    from tests.browser.test_review import free_port, wait_for

    port = free_port()
    process, said = start([part.format(port=port) for part in command], tmp_path)
    try:
        assert f"http://127.0.0.1:{port}" in said
        assert "restart" not in said
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
        listening = {
            line.split()[1]
            for line in Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()
        }
        at = f"{port:04X}"
        assert {a for a in listening if a.endswith(f":{at}")} == {f"0100007F:{at}"}
        six = Path(f"/proc/{process.pid}/net/tcp6")
        assert not six.exists() or f":{at} " not in six.read_text()
    finally:
        finish(process)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [["mmbm", "serve", "--address", "0.0.0.0"],
     ["streamlit", "run", str(HERE / "app.py"), "--server.address", "0.0.0.0"]],
)  # fmt: skip
def test_an_open_address_without_a_login_is_refused(command, tmp_path):
    process, said = start(command, tmp_path)
    said += process.communicate(timeout=60)[0]
    assert process.returncode not in (0, None)
    assert "MMBM was not started: other machines can reach 0.0.0.0" in said
    assert "Traceback" not in said


def ask(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return json.load(answer)


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--api"]])
def test_programs_are_served_beside_the_pages_or_alone(more, tiny_model_dir, tmp_path):
    from tests.browser.test_review import free_port, wait_for

    port = free_port()
    command = ["mmbm", "serve", "--port", str(port), "--model", str(tiny_model_dir), *more]
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/v1/health", process)
        assert ask(port, "/v1/model")["name"] == "tiny"
        assert "/v1/analyses" in ask(port, "/v1/openapi.json")["paths"]
        for method, path in (("GET", "/v2/model"), ("POST", "/analyses"), ("DELETE", "/v1x")):
            wanted = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(wanted, timeout=60)
            assert refused.value.code == 404
            assert json.load(refused.value)["error"]["code"] == "serve.no_path"
        if not more:
            for path in ("/", "/model", "/nowhere"):  # the pages' own
                page = f"http://127.0.0.1:{port}{path}"
                with urllib.request.urlopen(page, timeout=60) as answer:
                    assert answer.headers["content-type"].startswith("text/html")
    finally:
        process.terminate()
        assert process.wait(timeout=30) is not None
