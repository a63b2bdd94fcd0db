"""What every answer tells the browser: load nothing from elsewhere, be framed by nobody."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache

from dashboard.server.document import document

__all__ = ["content_security_policy", "headers"]

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@cache
def content_security_policy() -> str:
    """Own origin only; the first document's two inline scripts by their hashes.

    ``blob:`` is how Streamlit mounts a component's script (the viewer's), how plotly makes a
    picture of a figure and how a recording is played back; styles are written by both in the page.
    """
    inline = _INLINE_SCRIPT.findall(document())
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in inline)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' blob: {hashes}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def headers() -> dict[str, str]:
    """All of them, by name."""
    return {
        "content-security-policy": content_security_policy(),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(self), usb=()",
        "x-dns-prefetch-control": "off",
    }
