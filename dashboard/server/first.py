"""The first answer, before any script runs: it has our style already, a title, and says who we are.

Streamlit's own page is empty until its scripts have run, and gets our style only with the first
run of the page, so that everything would move once.
"""

from __future__ import annotations

from functools import lru_cache

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.foreign import escape
from dashboard.styles import stylesheet
from dashboard.text import TAGS, Language, language_of, texts

__all__ = ["First", "first_page"]

# Streamlit draws into this element and drops what is in it.
_ROOT = '<div id="root">'


class First:
    """An ASGI layer that adds to every HTML page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope.get("method") != "GET":
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        if "text/html" not in asked.get("accept", ""):
            await self.app(scope, receive, send)
            return
        # The whole page each time: one that the browser kept has the style of that time.
        kept = [pair for pair in scope["headers"] if not pair[0].lower().startswith(b"if-")]
        language = asked.get("accept-language", "").split(",")[0].strip()
        await self.app(scope | {"headers": kept}, receive, adding(send, language_of(language)))


def adding(send: Send, language: Language) -> Send:
    """``send``, with our additions to an HTML page."""
    start: Message | None = None
    body = b""

    async def sending(message: Message) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start":
            if Headers(raw=message["headers"]).get("content-type", "").startswith("text/html"):
                start = message
                return
        elif start is not None and message["type"] == "http.response.body":
            body += message.get("body", b"")
            if message.get("more_body", False):
                return
            page = first_page(body.decode("utf-8"), language).encode("utf-8")
            headers = MutableHeaders(raw=start["headers"])
            headers["content-length"] = str(len(page))
            for name in ("etag", "last-modified"):
                del headers[name]
            await send(start)
            await send({"type": "http.response.body", "body": page})
            return
        await send(message)

    return sending


@lru_cache(maxsize=8)
def first_page(page: str, language: Language) -> str:
    """Streamlit's HTML with our style, title and language, and what stands there until it runs."""
    say = texts(language)
    title, subtitle, research = (
        escape(say(f"app.{part}")) for part in ("title", "subtitle", "research")
    )
    meanwhile = (
        f'<div class="meanwhile"><div class="brand"><b>{title}</b> {subtitle}</div>'
        f'<div class="research">{research}</div></div>'
    )
    return (
        page.replace('<html lang="en">', f'<html lang="{TAGS[language]}">', 1)
        .replace("<title>Streamlit</title>", f"<title>{title}</title>", 1)
        .replace("</head>", f"{stylesheet()}</head>", 1)
        .replace(_ROOT, _ROOT + meanwhile, 1)
    )
