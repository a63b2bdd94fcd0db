"""The document that every page begins with: Streamlit's, with our title, icon, styles and theme."""

from __future__ import annotations

import base64
import re
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.foreign import escape
from dashboard.styles import stylesheet
from dashboard.text import LANGUAGE_KEY, TAGS, Language, language_of, texts
from mmbm.storage import assets_folder

__all__ = ["Document", "document"]

_NOSCRIPT = re.compile("<noscript>.*?</noscript>", re.DOTALL)
_STREAMLITS = Path(streamlit.__file__).with_name("static") / "index.html"
# The window's colour until Streamlit has drawn: config.toml's two backgrounds.
_FIRST_COLOUR = (
    "html { background: #12171b; color-scheme: dark; }"
    'html[data-theme="light"] { background: #ffffff; color-scheme: light; }'
)


@cache
def document(language: Language = "en") -> str:
    """Streamlit's first document with our title, icon, styles and theme's script put in.

    With the styles nothing moves when the page is drawn, and until it is we say who we are:
    Streamlit drops what is in its root element.
    """
    say = texts(language)
    title, subtitle, research = (
        escape(say(f"app.{part}")) for part in ("title", "subtitle", "research")
    )
    meanwhile = (
        f'<div class="meanwhile"><div class="brand"><b>{title}</b> {subtitle}</div>'
        f'<div class="research">{research}</div></div>'
    )
    theme = Path(__file__).with_name("theme.js").read_text(encoding="utf-8")
    icon = base64.b64encode((assets_folder() / "icon.svg").read_bytes()).decode()
    without_script = f"<noscript><p>{escape(say('app.noscript'))}</p></noscript>"
    made = _NOSCRIPT.sub(without_script, _STREAMLITS.read_text(encoding="utf-8"))
    for was, becomes in (
        ("<head>", f"<head><style>{_FIRST_COLOUR}</style><script>{theme}</script>"),
        ('<html lang="en">', f'<html lang="{TAGS[language]}">'),
        ("<title>Streamlit</title>", f"<title>{title}</title>"),
        ("</head>", f"{stylesheet()}</head>"),
        ('<div id="root">', f'<div id="root">{meanwhile}'),
        ('href="./favicon.png"', f'href="data:image/svg+xml;base64,{icon}"'),
    ):
        made = made.replace(was, becomes, 1)
    return made


class Document:
    """An ASGI layer that answers with our document wherever Streamlit answers with its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            asked = MutableHeaders(scope=scope)
            if "text/html" in asked.get("accept", ""):
                del asked["accept-encoding"]  # to be read here
                first = asked.get("accept-language", "").split(",")[0]
                chosen = QueryParams(scope["query_string"]).get(LANGUAGE_KEY)
                send = replacing(send, language_of(first.strip(), chosen))
        await self.app(scope, receive, send)


def replacing(send: Send, language: Language) -> Send:
    """``send``, with our document in the place of Streamlit's."""
    start: Message = {}
    body = bytearray()

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        whole = bytes(body)
        if whole == _STREAMLITS.read_bytes():
            whole = document(language).encode()
            headers = MutableHeaders(scope=start)
            headers["content-length"] = str(len(whole))
            for name in ("etag", "last-modified"):  # of the file that it replaces
                del headers[name]
        await send(start)
        await send({"type": "http.response.body", "body": whole})

    return sending
