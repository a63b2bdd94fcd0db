"""The sound panel in a real browser, against the audio clock and against scipy."""

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy import signal

from dashboard.listener import pack, script
from mmbm import read_case
from mmbm.case import SAMPLE_RATE
from mmbm.storage import assets_folder
from tests.browser.test_review import (  # noqa: F401
    PATIENCE,
    SAMPLE,
    app,
    open_sample,
    open_tab,
    page,
    server,
    settled,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# What the page plays, told apart from what the panel says: each source's start, by the audio clock.
LISTENING = """
window.contexts = [];
window.AudioContext = class extends AudioContext {
    constructor(...given) { super(...given); window.contexts.push(this); }
};
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when, offset, ...rest) {
    window.started = {node: this, when, offset};
    return start.call(this, when, offset, ...rest);
};
"""
# Seconds between the cursor on the screen and what leaves the speaker by the audio clock, over some
# frames.
LATE = """async () => {
    const panel = [...document.querySelectorAll("*")]
        .map((e) => e.shadowRoot?.querySelector(".listener")).find(Boolean);
    const tracks = panel.querySelector(".tracks");
    const cursor = panel.querySelector(".over .cursor");
    const late = [];
    for (let frame = 0; frame < 60; frame++) {
        await new Promise(requestAnimationFrame);
        await new Promise((done) => setTimeout(done));  // after the panel has drawn
        const {node, when, offset} = window.started;
        const [box, line] = [tracks.getBoundingClientRect(), cursor.getBoundingClientRect()];
        const seen = ((line.x + line.width / 2 - box.x) / box.width) * SECONDS;
        const {currentTime, outputLatency} = node.context;
        const heard = offset + (currentTime - outputLatency - when) * node.playbackRate.value;
        const round = node.loop ? node.loopEnd - node.loopStart : Infinity;
        const apart = Math.abs(seen - heard) % round;
        late.push(Math.min(apart, round - apart));
    }
    return late;
}"""
# The frequency response of the panel's filters, from an impulse rendered by the browser.
IMPULSE = """async ([script, band, speed, rate]) => {
    const url = URL.createObjectURL(new Blob([script], {type: "text/javascript"}));
    const {bandFilters} = await import(url);
    const context = new OfflineAudioContext(1, 4 * rate, rate);
    const source = context.createBufferSource();
    source.buffer = context.createBuffer(1, 4 * rate, rate);
    source.buffer.getChannelData(0).set(Float32Array.from(window.given ?? [1]));
    const chain = [source, ...bandFilters(context, band, speed), context.destination];
    for (let i = 1; i < chain.length; i++) chain[i - 1].connect(chain[i]);
    source.start();
    return [...(await context.startRendering()).getChannelData(0)];
}"""
ACTS = ("speed", "filter", "gain")
BANDS = {"lung": (100, 2000), "heart": (20, 200)}


def recording():
    """The sample's sound as the model and the panel get it."""
    folder = assets_folder() / "samples" / SAMPLE
    return read_case(audio=folder / "sound.wav").audio


def listening(page, server):  # noqa: F811
    """The panel of the sample, with an ear on what it plays."""
    page.add_init_script(LISTENING)
    open_sample(page, server)
    settled(page)
    open_tab(page, "Lung sound")
    panel = page.locator(".listener")
    expect(panel.locator(".chapter").first).to_be_visible(timeout=PATIENCE)
    settled(page)
    panel.evaluate("panel => panel.scrollIntoView()")
    return panel


def cursor(panel):
    return float(panel.locator(".over .cursor").get_attribute("data-seconds"))


def at(panel, part):
    """The point of the waveform at a part of its width."""
    box = panel.locator(".track.wave").bounding_box()
    return box["x"] + part * box["width"], box["y"] + box["height"] / 2


def drag(page, panel, start, end):  # noqa: F811
    page.mouse.move(*at(panel, start))
    page.mouse.down()
    page.mouse.move(*at(panel, (start + end) / 2))
    page.mouse.move(*at(panel, end))
    page.mouse.up()


def late(page, seconds):  # noqa: F811
    return np.array(page.evaluate(LATE.replace("SECONDS", str(seconds))))


def test_the_cursor_keeps_to_the_audio_clock(page, server):  # noqa: F811
    panel, seconds = listening(page, server), recording().seconds
    page.mouse.click(*at(panel, 0.25))
    expect(panel.get_by_role("button", name="Pause")).to_be_visible()
    assert page.evaluate("started.offset") == pytest.approx(seconds / 4, abs=0.05)
    page.wait_for_timeout(300)
    found = {"plain": late(page, seconds)}
    panel.locator('[data-act="speed"]').select_option("0.5")
    page.evaluate(
        "started.offset += (started.node.context.currentTime - started.when);"
        "started.when = started.node.context.currentTime"
    )
    found["half"] = late(page, seconds)
    drag(page, panel, 0.5, 0.55)
    assert page.evaluate("[started.node.loop, started.node.loopStart]") == [
        True, pytest.approx(seconds / 2, abs=0.05),
    ]  # fmt: skip
    page.wait_for_timeout(2000)  # more than once through
    found["loop"] = late(page, seconds)
    latency = page.evaluate("started.node.context.outputLatency")
    print(
        f"latency {1000 * latency:.0f} ms;",
        {n: f"{1000 * of.max():.0f}" for n, of in found.items()},
    )
    assert all(of.max() < 0.05 for of in found.values()), {n: of.max() for n, of in found.items()}


def test_every_act_is_heard_and_asks_the_server_for_nothing(page, server):  # noqa: F811
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    page.on(
        "websocket",
        lambda socket: [
            socket.on(way, lambda frame: sent.append(len(frame)))
            for way in ("framereceived", "framesent")
        ],
    )
    panel = listening(page, server)
    page.wait_for_timeout(1000)
    sent.clear()
    page.mouse.click(*at(panel, 0.5))
    drag(page, panel, 0.2, 0.4)
    expect(panel.locator(".stretch")).not_to_be_empty()
    panel.locator('[data-act="speed"]').select_option("2")
    assert page.evaluate("started.node.playbackRate.value") == 2
    for name in ("lung", "heart", "none"):
        panel.locator('[data-act="filter"]').select_option(name)
    panel.locator('[data-act="gain"]').fill("12")
    for name in ("Zoom to selection", "Show all", "Clear selection", "Loop"):
        panel.get_by_role("button", name=name).click()
    panel.get_by_role("button", name="Play from the strongest second").click()
    second = int(panel.locator(".chapter").first.inner_text().split(" s:")[0].split()[-1])
    assert page.evaluate("started.offset") == second
    panel.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(500)
    assert sent == []


def test_all_by_keyboard(page, server):  # noqa: F811
    panel = listening(page, server)
    tracks = panel.get_by_role("slider", name="Position in the recording")
    tracks.focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    assert cursor(panel) == pytest.approx(2.1)
    page.keyboard.press("[")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("]")
    expect(panel.locator(".stretch")).to_have_text("2.10–3.10 s")
    page.keyboard.press("l")
    expect(panel.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press(" ")
    expect(panel.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_timeout(1500)
    assert 2.1 <= cursor(panel) <= 3.1
    page.keyboard.press(" ")
    expect(panel.get_by_role("button", name="Play", exact=False).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel.locator(".stretch")).to_be_empty()
    page.keyboard.press("+")
    expect(panel.get_by_role("button", name="Show all")).to_be_enabled()


def test_what_is_set_outlives_findings_tabs_languages_and_themes(page, server):  # noqa: F811
    received = []
    page.on("websocket", lambda s: s.on("framereceived", lambda f: received.append(f)))
    panel, samples = listening(page, server), pack(recording())[-4000:]

    def sent():
        return sum(isinstance(frame, bytes) and samples in frame for frame in received)

    assert sent() == 1
    drag(page, panel, 0.2, 0.4)
    panel.locator('[data-act="speed"]').select_option("0.75")
    panel.locator('[data-act="filter"]').select_option("heart")
    panel.locator('[data-act="gain"]').fill("6")
    panel.get_by_role("button", name="Pause").click()

    def state():
        acts = [panel.locator(f'[data-act="{act}"]').input_value() for act in ACTS]
        return [*acts, panel.locator(".stretch").inner_text(), cursor(panel)]

    before = state()
    first = panel.locator(".heading").inner_text()
    page.get_by_role("button", name="Explain: No opacity seen").click()
    expect(panel.locator(".heading")).not_to_have_text(first, timeout=PATIENCE)
    settled(page)
    assert state() == before
    page.get_by_role("button", name="Light theme").click()
    page.wait_for_timeout(500)
    assert state() == before
    assert sent() == 1, "the recording was sent again"
    open_tab(page, "Notes")
    expect(panel).to_have_count(0)
    assert page.evaluate("contexts.map(context => context.state)") == ["closed"]
    settled(page)
    open_tab(page, "Lung sound")
    expect(panel.locator(".chapter").first).to_be_visible(timeout=PATIENCE)
    settled(page)
    assert state() == before
    assert sent() == 1, "the recording was sent again with its tab"
    page.get_by_text("中文", exact=True).click()
    expect(panel.get_by_role("button", name="播放").first).to_be_visible(timeout=PATIENCE)
    settled(page)
    assert state() == before
    page.get_by_role("button", name="深色主题").click()
    page.wait_for_timeout(500)
    assert state() == before
    assert sent() == 1, "the recording was sent again"


def test_nothing_of_the_recording_stays_after_a_new_case(page, server):  # noqa: F811
    listening(page, server).get_by_role("button", name="Play", exact=False).first.click()
    page.get_by_role("button", name="New case").click()
    expect(page.locator(".listener")).to_have_count(0, timeout=PATIENCE)
    settled(page)
    page.wait_for_timeout(3000)
    assert page.evaluate("contexts.map(context => context.state)") == ["closed"]
    assert page.evaluate("Object.values(mmbmHeard).reduce((sum, of) => sum + of.size, 0)") == 0
    page.evaluate("window.contexts = []; window.started = null")
    protocol = page.context.new_cdp_session(page)
    protocol.send("HeapProfiler.enable")
    protocol.send("HeapProfiler.collectGarbage")
    size = recording().waveform.size
    for kind in ("ArrayBuffer", "AudioBuffer"):
        of = protocol.send("Runtime.evaluate", {"expression": f"{kind}.prototype"})["result"]
        found = protocol.send("Runtime.queryObjects", {"prototypeObjectId": of["objectId"]})
        count = protocol.send(
            "Runtime.callFunctionOn",
            {
                "objectId": found["objects"]["objectId"],
                "functionDeclaration": f"function () {{ return this.filter((one) => "
                f"(one.byteLength ?? Infinity) >= {size}).length; }}",
                "returnByValue": True,
            },
        )["result"]["value"]
        assert count == 0, kind


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("speed", [0.5, 1.0])
def test_the_filters_against_scipy(page, server, band, speed):  # noqa: F811
    page.goto(f"{server[0]}/about")
    low, high = (edge * speed for edge in BANDS[band])
    edges = {"highpass": low, "lowpass": high}
    stages = [signal.butter(4, edges[k], k, output="sos", fs=SAMPLE_RATE) for k in edges]
    heard = recording().waveform[: 4 * SAMPLE_RATE]
    for given in (np.eye(1, 4 * SAMPLE_RATE)[0], heard):
        page.evaluate("given => { window.given = given; }", given.tolist())
        ours = np.array(page.evaluate(IMPULSE, [script(), band, speed, SAMPLE_RATE]))
        theirs = given
        for stage in stages:
            theirs = signal.sosfilt(stage, theirs)
        hertz, (one, other) = spectra(ours, theirs)
        inside = (hertz >= low) & (hertz <= high)
        apart = np.abs(10 * np.log10(one[inside] / other[inside]))
        print(f"{band} at {speed}: {apart.max():.4f} dB")
        assert apart.max() < 1.0


def spectra(*sounds):
    """Frequencies (Hz) and the power of each sound there."""
    found = [signal.welch(sound, SAMPLE_RATE, nperseg=8192) for sound in sounds]
    return found[0][0], [power for _, power in found]
