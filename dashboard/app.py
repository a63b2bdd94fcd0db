"""The server: ``streamlit run dashboard/app.py``, ``mmbm serve`` or any ASGI server starts it."""

from __future__ import annotations

from pathlib import Path

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from streamlit import App

from dashboard.server import calls, settings
from dashboard.server.afresh import begin_at_the_page
from dashboard.server.arrived import know_pages
from dashboard.server.compressed import Compressed
from dashboard.server.document import Document
from dashboard.server.guard import Guard
from dashboard.server.keeping import keep_uploads_off_the_disk, keeping
from dashboard.server.pending import keep_what_waits
from dashboard.server.unsent import keep_what_is_unsent
from mmbm.serve.logs import log_no_values

settings.hold()
keep_uploads_off_the_disk()
keep_what_waits()
keep_what_is_unsent()
begin_at_the_page()
know_pages()
log_no_values()

# Streamlit looks for an assignment of this form to know that the script is a server.
app = App(
    Path(__file__).with_name("frame.py"),
    lifespan=keeping,
    routes=calls.routes(),
    middleware=[
        Middleware(Guard),
        Middleware(TrustedHostMiddleware, allowed_hosts=settings.allowed_hosts()),
        Middleware(calls.Elsewhere),
        Middleware(calls.Loaded),
        Middleware(Document),
        Middleware(Compressed),
    ],
)
