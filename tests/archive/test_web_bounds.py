"""A DICOMweb service that means ill is kept within bounds."""

from __future__ import annotations

import http.server
import threading
from contextlib import contextmanager

import pytest

from mmbm.archive.config import PASSWORD, USER, ArchiveConfig
from mmbm.archive.query import FoundSeries, FoundStudy, Query
from mmbm.archive.web import WebArchive
from mmbm.config import Limits
from mmbm.errors import ArchiveError, TooLarge

STUDY, SERIES = FoundStudy("1.2.3"), FoundSeries("1.2.3.1")


@contextmanager
def service(answer):
    """A web server on loopback whose handler calls ``answer``; yields it with what it was asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append((self.path, dict(self.headers)))
            answer(self)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def archive_of(server, **limits):
    url = f"http://127.0.0.1:{server.server_address[1]}/dicom-web"
    config = ArchiveConfig.parse({"web": {"url": url}, "timeout": 5.0})
    return WebArchive(config, Limits(**limits))


def reply(status, content=b"", **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def test_a_redirect_elsewhere_is_not_followed():
    with service(reply(200, b"[]")) as other:
        elsewhere = f"http://127.0.0.1:{other.server_address[1]}/dicom-web/studies"
        with (
            service(reply(307, Location=elsewhere)) as server,
            pytest.raises(ArchiveError, match="leads to another"),
        ):
            archive_of(server).studies(Query(accession="A1"))
        assert other.asked == []


def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with service(reply(200, b"[]")) as server:
        assert archive_of(server).studies(Query(accession="A1")) == []


def test_user_and_password_come_from_the_environment(monkeypatch):
    monkeypatch.setenv(USER, "reader")
    monkeypatch.setenv(PASSWORD, "secret")
    with service(reply(200, b"[]")) as server:
        archive_of(server).studies(Query(accession="A1"))
    assert server.asked[0][1]["Authorization"] == "Basic cmVhZGVyOnNlY3JldA=="


def test_an_answer_without_end_is_cut():
    def endless(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", 'multipart/related; boundary="x"')
        handler.end_headers()
        try:
            for _ in range(400):
                handler.wfile.write(b"\0" * 2**20)
                handler.server.written += 1
        except OSError:
            pass

    def found(handler):
        if "/instances/" in handler.path:
            endless(handler)
        else:
            reply(200, b'[{"00080018": {"vr": "UI", "Value": ["1.2.3.1.1"]}}]')(handler)

    with service(found) as server:
        server.written = 0
        with pytest.raises(TooLarge, match="more than 3 MB"):
            list(archive_of(server, file_bytes=2 * 2**20).fetch(STUDY, SERIES))
    assert server.written < 100


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (reply(200, b"<html>hello</html>"), "cannot be understood"),
        (reply(200, b"7"), "cannot be understood"),
        (reply(200, b"[" * 200_000), "cannot be understood"),
        (reply(401), "HTTP status 401"),
        (reply(503), "HTTP status 503"),
        (reply(404), "HTTP status 404"),
    ],
    ids=["html", "number", "deep", "401", "503", "404"],
)
def test_what_is_no_answer_is_said(answer, match):
    with service(answer) as server, pytest.raises(ArchiveError, match=match):
        archive_of(server).studies(Query(accession="A1"))


def test_identifiers_that_lead_elsewhere_are_passed_over():
    hostile = b'[{"0020000D": {"Value": ["../../instances"]}}, {"0020000D": {"Value": [{}]}}, 7]'
    with service(reply(200, hostile)) as server:
        assert archive_of(server).studies(Query(accession="A1")) == []
