"""Frames a second while the window is dragged on a film of 2048 x 2048, 16 bit, in Chromium.

python benchmarks/viewer.py [--seconds 2] [--rounds 5]

Beside it, in turns, so that a busy machine slows all alike: a bare canvas of the same size that is
filled with one grey each frame, and one that is given new pixels each frame. Prints the median of
the rounds with their range. Chromium here draws without a graphics card, so WebGL runs on the
processor; there the viewer takes its own code ("software").
"""

from __future__ import annotations

import argparse
import statistics
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from mmbm.case import Picture, Window
from tests.browser.test_review import CHROMIUM_ARGS, chromium
from tests.browser.viewer_page import greys, mount, open_viewer, payload

SIDE = 2048
DRAG = """async (milliseconds) => {
    const canvas = document.querySelector("canvas");
    const send = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, {
        bubbles: true, clientX: x, clientY: y, pointerId: 1, button: 0 }));
    canvas.setPointerCapture = () => {};
    send("pointerdown", 300, 300);
    const start = performance.now();
    let frames = 0;
    while (performance.now() - start < milliseconds) {
        send("pointermove", 300 + (frames % 100), 320 + (frames % 70));
        await new Promise(requestAnimationFrame);
        frames += 1;
    }
    send("pointerup", 300, 300);
    return (1000 * frames) / (performance.now() - start);
}"""
BARE = """async ([milliseconds, width, height, pixels]) => {
    document.body.innerHTML = `<canvas width=${width} height=${height}></canvas>`;
    const context = document.querySelector("canvas").getContext("2d", { alpha: false });
    const picture = new ImageData(width, height);
    const values = new Uint32Array(picture.data.buffer);
    const start = performance.now();
    let frames = 0;
    while (performance.now() - start < milliseconds) {
        if (pixels) {
            values.fill(0xff000000 | ((frames % 255) * 0x010101));
            context.putImageData(picture, 0, 0);
        } else {
            context.fillStyle = `rgb(${frames % 255} 0 0)`;
            context.fillRect(0, 0, width, height);
        }
        await new Promise(requestAnimationFrame);
        frames += 1;
    }
    return (1000 * frames) / (performance.now() - start);
}"""


def film():
    """16-bit noise on a slope, which packs badly."""
    rng = np.random.default_rng(0)
    slope = np.linspace(0, 60_000, SIDE)
    pixels = (slope + rng.normal(0, 500, (SIDE, SIDE))).clip(0, 65535).round().astype(np.float32)
    return Picture(
        pixels, pixels / 65535, windows=(Window(30_000, 60_000, "auto"),), file_format="DICOM"
    )


def opened(playwright, stack, what, sent, width, height):
    """A page of its own browser with the viewer, or empty."""
    args = [*CHROMIUM_ARGS, "--enable-unsafe-swiftshader"]
    browser = playwright.chromium.launch(executable_path=chromium(), args=args)
    stack.callback(browser.close)
    page = browser.new_page(viewport={"width": width, "height": height})
    open_viewer(page, width, height)
    if what in ("software", "webgl"):
        page.evaluate(f"window.mmbmRenderer = '{what}'")
        mount(page, sent)
        greys(page)  # waits for the film
    return page


def frames_a_second(page, what, milliseconds, width, height):
    if what in ("software", "webgl"):
        return page.evaluate(DRAG, milliseconds)
    return page.evaluate(BARE, [milliseconds, width, height, what == "new pixels"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    sent = payload(film())
    print(
        f"film of {SIDE} x {SIDE}: {len(sent) / 1e6:.1f} MB sent, {SIDE * SIDE * 2 / 1e6:.1f} raw"
    )
    names = {
        "software": "viewer, software",
        "webgl": "viewer, webgl",
        "filled": "bare canvas, filled",
        "new pixels": "bare canvas, new pixels",
    }
    for width, height in ((826, 772), (SIDE, SIDE)):
        with sync_playwright() as playwright, ExitStack() as stack:
            pages = {what: opened(playwright, stack, what, sent, width, height) for what in names}
            rounds = {what: [] for what in names}
            for _ in range(given.rounds):
                for what, page in pages.items():
                    found = frames_a_second(page, what, 1000 * given.seconds, width, height)
                    rounds[what].append(found)
        for what, found in rounds.items():
            print(
                f"canvas of {width} x {height}, {names[what]:24} "
                f"{statistics.median(found):5.1f} frames a second "
                f"({min(found):.1f} to {max(found):.1f})"
            )


if __name__ == "__main__":
    main()
