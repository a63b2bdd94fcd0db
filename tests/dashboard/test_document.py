import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.server import document

PAGE = {"accept": "text/html,*/*"}


@pytest.fixture
def client():
    """A server that answers with Streamlit's document, compressed, and with another one."""

    async def streamlits(request):
        return FileResponse(document._STREAMLITS)

    async def other(request):
        return HTMLResponse("<title>Streamlit</title>")

    app = Starlette(
        routes=[Route("/other", other), Route("/{path:path}", streamlits)],
        middleware=[Middleware(document.Document), Middleware(GZipMiddleware)],
    )
    return TestClient(app)


def test_the_first_document_has_our_title_icon_and_theme(client):
    answer = client.get("/model", headers=PAGE)
    assert answer.text == document.document()
    assert "etag" not in answer.headers and "last-modified" not in answer.headers
    assert "<title>MMBM</title>" in answer.text and "favicon.png" not in answer.text
    assert answer.text.count("data:image/svg+xml;base64,") == 1
    head = answer.text.partition("<head>")[2]
    assert head.index("prefers-color-scheme") < head.index('type="module"'), "Streamlit asked first"


@pytest.mark.parametrize(
    "path, browsers, tag",
    [("/", "de", "en"), ("/", "zh-CN,zh;q=0.9", "zh-CN"), ("/model?language=zh", "en-US", "zh-CN"),
     ("/?language=en", "zh-CN", "en"), ("/?language=x", "en", "en")],
)  # fmt: skip
def test_it_is_in_the_language_chosen_or_the_browsers(client, path, browsers, tag):
    made = client.get(path, headers={**PAGE, "accept-language": browsers}).text
    assert f'<html lang="{tag}">' in made
    assert ("仅供研究" in made) == (tag == "zh-CN") == ("需要启用 JavaScript" in made)
    assert "You need to enable" not in made


def test_another_document_and_another_kind_of_call_are_left_alone(client):
    assert client.get("/other", headers=PAGE).text == "<title>Streamlit</title>"
    assert "<title>Streamlit</title>" in client.get("/model", headers={"accept": "*/*"}).text
    assert client.head("/model", headers=PAGE).headers["etag"]
