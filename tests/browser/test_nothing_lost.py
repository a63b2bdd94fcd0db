"""Acts in any order on a slow model: no part is lost, no old number looks like a new one.

``MMBM_FULL=1 python -m pytest tests/browser/test_nothing_lost.py`` is the full run, of 200 rounds;
``MMBM_FIRST=100`` begins it at the hundredth.
"""

import os
import random
import shutil
import tempfile
import textwrap
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError, expect

from mmbm.storage import assets_folder
from tests.browser.test_review import FRAME, PATIENCE, page, server, settled, unfold  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIRST = int(os.environ.get("MMBM_FIRST", "0"))
ROUNDS = 200 if os.environ.get("MMBM_FULL") else 8
SAMPLES = ("adult-opacity", "adult-clear")
FILES = {"image": "image.dcm", "notes": "notes.txt", "audio": "sound.wav"}
WATCH = r"""() => {
    const text = (css) => Array.from(document.querySelectorAll(css), (e) => e.innerText).join("|");
    const strength = (element) => {
        let product = 1;
        for (let at = element; at; at = at.parentElement) product *= getComputedStyle(at).opacity;
        return product;
    };
    const logit = () => {  // percentages of two cases may look alike
        const exact = document.querySelector(".st-key-results details.exact");
        const total = /(Total \S+),/.exec(exact ? exact.textContent : "");
        return total ? total[1] : "";
    };
    window.frames_seen = [];
    let last = "";
    const look = () => {
        const meters = [...document.querySelectorAll(".st-key-results .finding-number")];
        const frame = {
            parts: text("[class*='st-key-read-'] .facts").replaceAll("/", "-"),
            numbers: meters.map((e) => e.innerText).join("|") + logit(),
            strength: meters.length ? Math.max(...meters.map(strength)) : 0,
            said: document.querySelectorAll(".outdated").length > 0,
        };
        const now = JSON.stringify(frame);
        if (now !== last) window.frames_seen.push(frame);
        last = now;
        requestAnimationFrame(look);
    };
    look();
}"""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The dashboard's server, with a model that takes a second for a case."""
    return server_of(
        tmp_path_factory.mktemp("app"),
        f"""\
        import runpy
        import time

        import dashboard.review as made

        quick = made.__dict__.setdefault("quick", made.review)

        def slow(predictor, case):
            time.sleep(1.0)
            return quick(predictor, case)

        made.review = slow
        runpy.run_path({str(FRAME)!r}, run_name="__main__")
        """,
    )


def server_of(folder, frame):
    """The script of the dashboard's server, around another frame's code."""
    (folder / "frame.py").write_text(textwrap.dedent(frame))
    script = folder / "app.py"
    script.write_text(
        textwrap.dedent(f"""\
            from streamlit import App

            import dashboard.app
            from dashboard.server.keeping import keeping

            app = App({str(folder / "frame.py")!r}, lifespan=keeping)
            """)
    )
    return script


class Doctor:
    """Does what a reader may do, and knows what must be in the case afterwards."""

    def __init__(self, page, seed, folder):  # noqa: F811
        self.page, self.chance, self.folder = page, random.Random(seed), folder
        self.wanted = dict.fromkeys(FILES)
        self.done = []

    def act(self):
        name = self.chance.choice(
            ["sample", "together", "one by one", "type", "away and back", "remove", "new", "wait"]
        )
        self.done.append(name)
        getattr(self, name.replace(" ", "_"))()

    def _files(self):
        """A sample's files, named by it: the same parts have the same names however they came."""
        sample = self.chance.choice(SAMPLES)
        folder = Path(tempfile.mkdtemp(dir=self.folder))  # a browser may still read those before
        files = {}
        for part, name in FILES.items():
            files[part] = folder / f"{sample}-{name}"
            shutil.copy(assets_folder() / "samples" / sample / name, files[part])
        return files

    def _uploader(self, part):
        return self.page.locator(f".st-key-place-{part} input[type=file]").first

    def sample(self):
        """Open a sample's card; they are there when there is no case.

        Files that were dropped just before may make it one, and take the cards away.
        """
        name = self.chance.choice(SAMPLES)
        card = self.page.locator(f"[class*='st-key-sample-{name}-'][data-stale='false'] button")
        for last in (False, False, True):
            if self.page.locator(".st-key-new-case").count():
                self.new()
            try:
                card.click(timeout=None if last else 6_000)
                break
            except TimeoutError:
                if last:
                    raise
        expect(self.page.locator(".st-key-start")).to_have_count(0)
        self.wanted = {part: f"{name}/{file}" for part, file in FILES.items()}

    def _drop(self, part, files):
        """Drop files on an uploader; what falls on one that is just being replaced is no upload.

        The browser shows nothing then and sends nothing, and a reader drops them again.
        """
        for last in (False, False, True):
            try:
                with self.page.expect_request(lambda sent: sent.method == "PUT", timeout=6_000):
                    self._uploader(part).set_input_files(files)
                return
            except TimeoutError:
                if last:
                    raise

    def together(self):
        files = self._files()
        self._drop("image", list(files.values()))
        self._handed_in(files)

    def one_by_one(self):
        files = self._files()
        for part in self.chance.sample(list(files), 3):
            self._drop(part, files[part])
        self._handed_in(files)

    def _handed_in(self, files):
        self.wanted = {part: path.name for part, path in files.items()}
        self.page.wait_for_timeout(300)

    def type(self):
        text = f"Fever and cough for {self.chance.randint(2, 99)} days."
        unfold(self.page)
        place = self.page.locator(".st-key-place-notes")
        place.get_by_role("tab", name="Type").first.click()
        box = place.locator("[data-stale='false'] textarea").first
        box.fill(text)
        box.press("Control+Enter")
        self.wanted["notes"] = f"typed · {len(text)} characters"
        self.page.wait_for_timeout(200)

    def away_and_back(self):
        """A tick that comes with a click can take the page change with it: click again then."""
        there = self.page.get_by_role("heading", name="About")
        back = self.page.locator(".st-key-place-audio input[type=file]").first
        for link, seen in (("About", there), ("Review", back)):
            for last in (False, False, True):
                self.page.get_by_role("link", name=link).click()
                try:
                    expect(seen).to_be_attached(timeout=None if last else 6_000)
                    break
                except AssertionError:
                    if last:
                        raise

    def remove(self):
        part = self.chance.choice(list(FILES))
        button = self.page.locator(f".st-key-remove-{part} button")
        if button.count():
            button.click()
            expect(button).to_have_count(0)
            self.wanted[part] = None

    def new(self):
        button = self.page.get_by_role("button", name="New case")
        if button.count():
            button.click()
        for part in FILES:
            expect(self.page.locator(f".st-key-remove-{part}")).to_have_count(0)
        self.wanted = dict.fromkeys(FILES)

    def wait(self):
        self.page.wait_for_timeout(self.chance.choice([0, 300, 1_500]))

    def check(self):
        """The case holds what it must."""
        for part, wanted in self.wanted.items():
            facts = self.page.locator(f".st-key-read-{part} .facts")
            if wanted is None:
                expect(facts).to_have_count(0)
            else:
                expect(facts).to_contain_text(wanted)


def test_no_part_is_lost_and_no_old_number_looks_new(page, server, tmp_path):  # noqa: F811
    expect.set_options(timeout=PATIENCE)
    page.goto(server[0])
    expect(page.locator(".st-key-start")).to_be_visible()
    settled(page)  # the model is loaded
    expect.set_options(timeout=20_000)
    page.evaluate(WATCH)
    stale = []
    for round_ in range(FIRST, ROUNDS):
        doctor = Doctor(page, round_, tmp_path)
        doctor.new()
        settled(page)
        page.evaluate("window.frames_seen.length = 0")
        for _ in range(doctor.chance.randint(2, 5)):
            doctor.act()
        settled(page)
        try:
            doctor.check()
        except AssertionError as lost:
            pytest.fail(f"round {round_}, {doctor.done}: {doctor.wanted}\n{str(lost)[:300]}")
        stale += old_numbers(page.evaluate("window.frames_seen"), f"{round_} {doctor.done}")
    assert not stale, "\n\n".join(str(found) for found in stale)
    expect.set_options(timeout=5_000)


def old_numbers(frames, name):
    """Frames in which other parts stand beside the numbers of those before, at full strength."""
    found = []
    first = {}  # numbers -> the parts that they first stood beside at full strength
    for at, frame in enumerate(frames):
        if "Total" not in frame["numbers"] or frame["strength"] < 0.5 or not frame["parts"]:
            continue
        of = first.setdefault(frame["numbers"], frame["parts"])
        if of != frame["parts"] and not frame["said"]:
            found.append((name, of, frames[max(0, at - 6) : at + 1]))
    return found
