"""A film whose every pixel stands on one of the screen, and hands on its keys, for tests."""

import numpy as np

from mmbm.case import Picture, Window
from tests.browser.viewer_page import greys, mount, open_viewer, payload

SIDE = 400  # of the film and of its stage
WINDOWS = [Window(2048.0 + 100 * n, 4096.0 - 500 * n, f"W{n}") for n in range(1, 6)]


class Film:
    """A film on a page of its own."""

    def __init__(self, page):
        self.page = page
        self.canvas = page.locator("canvas")
        self.begin()
        self.keys = page.evaluate("Object.entries(window.viewerModule.KEYS)")
        self.listed = page.evaluate("window.viewerModule.listed()")

    def begin(self, frames=1):
        """The film as it is at first, without marks."""
        self.page.evaluate(
            """() => {
                window.unmount?.();
                for (const kept of [globalThis.mmbmViews, globalThis.mmbmDrawn]) kept?.clear();
                delete window.told;
            }"""
        )
        open_viewer(self.page, SIDE, SIDE)
        rows, columns = np.mgrid[:SIDE, :SIDE]
        pixels = (3 * rows + 5 * columns).astype(np.float32)
        given = {"windows": tuple(WINDOWS), "file_format": "DICOM"}
        if frames > 1:
            given |= {"frame": 1, "frames": frames}
        share = np.array([[0.5, -0.5], [-0.5, 0.5]])
        picture = Picture(pixels, pixels / 4096, **given)
        mount(self.page, payload(picture, name="", share=share, series="one"))
        self.press("o")

    def press(self, *keys):
        for key in keys:
            self.canvas.press(key)
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def drag(self, start, end):
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end)
        self.page.mouse.up()
        self.press()

    def drawn(self):
        return greys(self.page)

    def corner(self, name):
        return self.page.locator(f".corners .{name}").inner_text()

    def control(self, act):
        return self.page.locator(f'[data-act="{act}"]')

    def told(self):
        return self.page.locator(".told").inner_text()
