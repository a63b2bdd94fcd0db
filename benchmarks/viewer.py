"""Frames a second while the window is dragged on a film of 2048 x 2048, 16 bit, in Chromium.

python benchmarks/viewer.py [--seconds 4]

Beside it, in turn: a bare canvas of the same size that is filled with one grey each frame, and one
that is given new pixels each frame. Chromium here draws without a graphics card.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from mmbm.case import Picture, Window
from tests.browser.test_review import CHROMIUM_ARGS, chromium
from tests.browser.viewer_page import mount, open_viewer, payload

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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4)
    milliseconds = 1000 * parser.parse_args().seconds
    sent = payload(film())
    print(
        f"film of {SIDE} x {SIDE}: {len(sent) / 1e6:.1f} MB sent, {SIDE * SIDE * 2 / 1e6:.1f} raw"
    )
    with sync_playwright() as playwright:
        args = [*CHROMIUM_ARGS, "--enable-unsafe-swiftshader"]
        for width, height in ((826, 772), (SIDE, SIDE)):
            for what in ("software", "webgl", "filled", "new pixels"):
                browser = playwright.chromium.launch(executable_path=chromium(), args=args)
                page = browser.new_page(viewport={"width": width, "height": height})
                open_viewer(page, width, height)
                if what in ("software", "webgl"):
                    page.evaluate(f"window.mmbmRenderer = '{what}'")
                    mount(page, sent)
                    page.wait_for_timeout(1000)
                    frames = page.evaluate(DRAG, milliseconds)
                    name = f"viewer, {what}"
                else:
                    given = [milliseconds, width, height, what == "new pixels"]
                    frames = page.evaluate(BARE, given)
                    name = f"bare canvas, {what}"
                print(f"canvas of {width} x {height}, {name:24} {frames:5.1f} frames a second")
                browser.close()


if __name__ == "__main__":
    main()
