"""The viewer alone on an empty page, without a server: its markup, its module and a payload."""

import base64
from pathlib import Path

import numpy as np
from playwright.sync_api import expect

from dashboard import viewer
from dashboard.parts.evidence import viewer_texts, window_names
from dashboard.text import texts

FOLDER = Path(viewer.__file__).parent
PAGE = """<!doctype html><style>body {{ margin: 0 }} {css}
.viewer {{ width: {width}px; height: {height}px; border-radius: 0 }}
.bar, .foot {{ position: absolute; left: 0; right: 0; pointer-events: none }}
.bar {{ top: 0 }} .foot {{ bottom: 0 }}</style>
<div id="mount">{html}</div>"""
MOUNT = """async ([code, data, place]) => {
    const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes(code)], { type: "text/javascript" }));
    window.viewerModule ??= await import(url);
    window.sent = bytes(data);
    const parentElement = document.getElementById(place);
    const setStateValue = (name, value) => { window.told = [name, value]; };
    const given = { data: window.sent, parentElement, setStateValue };
    window.unmount = window.viewerModule.default(given);
    await new Promise((done) => setTimeout(done, 150));
}"""


def payload(picture, *, name="review", language="en", **kwargs):
    """What the Review page sends for a picture."""
    say, film = texts(language), viewer.develop(picture)
    words = viewer_texts("viewer.unit", say)
    named = window_names(film, say)
    return viewer.pack(film, window_names=named, texts=words, alt="film", name=name, **kwargs)


def open_viewer(page, width=800, height=800):
    """An empty stage of this size."""
    html, css = ((FOLDER / f"viewer.{kind}").read_text("utf-8") for kind in ("html", "css"))
    page.set_content(PAGE.format(css=css, html=html, width=width, height=height))


def mount(page, sent, place="mount"):
    """Call the component as Streamlit does, in the element of this id."""
    code = viewer.script().encode()
    given = [base64.b64encode(part).decode() for part in (code, sent)]
    page.evaluate(MOUNT, [*given, place])


def add_stage(page, place):
    """Another empty stage, below those there are."""
    page.evaluate(
        """place => {
            const made = document.createElement("div");
            made.id = place;
            made.innerHTML = document.getElementById("mount").innerHTML;
            document.body.append(made);
        }""",
        place,
    )


def greys(page):
    """(height, width), the red channel as the page's only viewer has drawn it."""
    return greys_of(page.locator("canvas"))


def greys_of(canvas):
    """(height, width), the red channel as drawn, 0 to 255, once the film has come."""
    expect(canvas).not_to_have_attribute("aria-busy", "true", timeout=30_000)
    height, width, text = canvas.evaluate(
        """canvas => {
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            let text = "";
            for (let y = 0; y < height; y++) {
                const row = new Uint8Array(width);
                for (let x = 0; x < width; x++) row[x] = data[4 * (y * width + x)];
                text += String.fromCharCode(...row);
            }
            return [height, width, btoa(text)];
        }"""
    )
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width).astype(int)
