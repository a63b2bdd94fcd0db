"""How quick, large and steady the Review page is, in Debian's Chromium, beside an empty page.

python benchmarks/page.py [--rounds 20]

A server of the dashboard and one of an empty Streamlit page run at once, and their turns are
interleaved. Times are from the click, or the drop, in the browser.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

import dashboard
from mmbm.storage import assets_folder

APP = Path(dashboard.__file__).with_name("app.py")
CASE = assets_folder() / "samples" / "adult-opacity"
FILES = [str(CASE / name) for name in ("image.dcm", "notes.txt", "sound.wav")]
EMPTY = """
import streamlit as st
st.session_state["count"] = st.session_state.get("count", 0) + 1
st.button("again", key="again")
st.write(st.session_state["count"])
"""
ACCOUNT = "table.account tbody"
COUNT = '[data-testid="stMarkdown"]'
WATCH = """() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
            if (!entry.hadRecentInput) window.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
    window.first = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntriesByName("first-contentful-paint"))
            window.first = entry.startTime;
    }).observe({ type: "paint", buffered: true });
}"""
RUN = """([css, probe]) => new Promise((done) => {
    const app = document.querySelector('[data-testid="stApp"]');
    const said = () => document.querySelector(probe)?.textContent;
    const before = said();
    const start = performance.now();
    const look = () => {
        const over = app.getAttribute("data-test-script-state") === "notRunning";
        const now = performance.now() - start;
        if ((said() !== before && over) || now > 20000) done(now);
        else requestAnimationFrame(look);
    };
    document.querySelector(css).click();
    look();
})"""
SINCE = """() => new Promise((done) => {
    const app = document.querySelector('[data-testid="stApp"]');
    const there = (css) => document.querySelector(css);
    const ended = () =>
        app.getAttribute("data-test-script-state") === "notRunning" &&
        there(".verdict") && !there('[data-testid="stSpinner"]');
    const start = performance.now();
    const found = [0, 0];
    const look = () => {
        const now = performance.now() - start;
        if (!found[0] && there(".finding")) found[0] = now;
        if (!found[1] && found[0] && ended()) found[1] = now;
        if (found[1] || now > 30000) done(found);
        else requestAnimationFrame(look);
    };
    look();
})"""


@contextmanager
def serving(script: Path):
    """A server of this script; its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    command += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=APP.parents[1], env=dict(os.environ), **quiet)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=2)
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def quiet(page, milliseconds=400):
    """No run for a while."""
    for _ in range(200):
        state = page.locator('[data-testid="stApp"]').get_attribute("data-test-script-state")
        if state == "notRunning":
            page.wait_for_timeout(milliseconds)
            state = page.locator('[data-testid="stApp"]').get_attribute("data-test-script-state")
            if state == "notRunning":
                return
        page.wait_for_timeout(50)


def opened(context, address):
    """The start page, its model loaded."""
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(address)
    page.evaluate(WATCH)
    page.locator("[class*='st-key-sample-'] button").first.wait_for(state="attached")
    quiet(page)
    return page


def told(name, values, unit="ms"):
    """Median, 95th percentile and largest of some figures."""
    a = np.array(values)
    print(f"{name:45s} median {np.median(a):8.1f}  p95 {np.percentile(a, 95):8.1f}  "
          f"max {a.max():8.1f} {unit}  n {len(a)}", flush=True)  # fmt: skip


def weight(context, address):
    """Bytes of a first visit with a sample case: answers, and messages of the socket."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    total = {"http": 0, "socket": 0}

    def http(event):
        total["http"] += event["encodedDataLength"]

    def socket_(event):
        response = event["response"]
        scale = 0.75 if response["opcode"] == 2 else 1.0
        total["socket"] += scale * len(response["payloadData"])

    session.on("Network.loadingFinished", http)
    session.on("Network.webSocketFrameReceived", socket_)
    page.set_default_timeout(120_000)
    page.goto(address)
    page.locator("[class*='st-key-sample-adult-opacity'] button").click()
    page.locator(".verdict").first.wait_for()
    quiet(page)
    page.close()
    print(f"weight with a sample: {total['http'] / 1e6:.2f} MB of answers, "
          f"{total['socket'] / 1e6:.2f} MB of messages", flush=True)  # fmt: skip


def main():
    """Print each figure of the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    folder = Path(tempfile.mkdtemp())
    (folder / "empty.py").write_text(EMPTY)
    size = {"width": 1440, "height": 900}
    with serving(APP) as ours, serving(folder / "empty.py") as empty, sync_playwright() as pw:
        browser = pw.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        warm = browser.new_context(viewport=size)
        opened(warm, ours).close()
        fresh = browser.new_context(viewport=size)
        weight(fresh, ours)
        paints, shifts, sample, dropped, ours_ms, empty_ms = [], [], [], [], [], []
        bare = warm.new_page()
        bare.goto(empty)
        bare.locator(".st-key-again button").wait_for()
        for turn in range(rounds):
            page = opened(warm, ours)
            paints.append(page.evaluate("window.first"))
            if turn % 2:
                page.evaluate(f"() => {{ window.answer = ({SINCE})(); }}")
                page.locator("[class*='st-key-sample-adult-opacity'] button").click()
                sample.append(page.evaluate("window.answer"))
            else:
                uploader = page.locator(".st-key-place-image input[type=file]").first
                page.evaluate(f"() => {{ window.answer = ({SINCE})(); }}")
                uploader.set_input_files(FILES)
                dropped.append(page.evaluate("window.answer"))
            quiet(page)
            shifts.append(page.evaluate("window.shift"))
            for place in (1, 0, 1):
                ours_ms.append(page.evaluate(RUN, [f".st-key-answer-{place} button", ACCOUNT]))
                quiet(page, 200)
                empty_ms.append(bare.evaluate(RUN, [".st-key-again button", COUNT]))
            page.close()
        browser.close()
    told("first contentful paint, warm", paints)
    for name, found in (("sample", sample), ("three files", dropped)):
        told(f"{name} to findings", [first for first, _ in found])
        told(f"{name} to everything", [last for _, last in found])
    told("rerun after another finding", ours_ms)
    told("rerun of an empty page", empty_ms)
    beyond = np.percentile(ours_ms, 95) - np.percentile(empty_ms, 95)
    print(f"p95 beyond an empty page: {beyond:.0f} ms")
    told("cumulative layout shift", shifts, "")


if __name__ == "__main__":
    main()
