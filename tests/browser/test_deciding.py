"""A reader's day with a store: worklist, decide first, override, a prior, team table, manifest."""

import subprocess
import sys
from datetime import date

import pytest
from playwright.sync_api import Error, expect

from dashboard.samples import sample_files
from mmbm.store import Given, open_store
from tests.browser.exports import result
from tests.browser.read_page import english, said
from tests.browser.test_access import faults
from tests.browser.test_review import APP, PATIENCE, page, server, settled  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CASES = (  # sample, patient, a made date
    ("adult-clear", "P-101", date(2026, 3, 3)),
    ("adult-opacity", "P-101", date(2026, 5, 4)),
    ("child-zh", "P-102", date(2026, 5, 5)),
)
# what a page with an answer of the model is made of, beside its probabilities
ANSWERS = (b'class="finding-number"', b'class="finding-answer', b'class="account"', b"mmbm_overlay")
NAME = "Dr Li"
GIVEN = (  # what a page shows as it was given: names, reasons, files, commands
    "Dr Li",
    "Dr light",
    "Dr dark",
    "image.dcm",
    "notes.txt",
    "sound.wav",
    "JPEG 2000 Image Compression (Lossless Only)",
    "DX CHEST PA",
    "WAV PCM_S16LE",
    "an old scar",
    "clear on both sides",
    "/data/labels.csv",
    "/data/decided",
    "P-101 P-102",
    "mmbm calibrate",
    "chest-base",
    "cpu",
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A store with three cases that nobody has read."""
    store = open_store(tmp_path_factory.mktemp("desk") / "store")
    for sample, patient, taken in CASES:
        files = sample_files(sample)
        parts = {m: Given(name=p.name, content=p.read_bytes()) for m, p in files.items()}
        store.add_case(parts, patient=patient, taken=taken)
    yield store
    store.close()


@pytest.fixture(scope="module")
def app(kept):
    """The dashboard with this store and the shipped model, where readers decide first."""
    own = {"MMBM_STORE": str(kept.folder), "MMBM_DECIDE_FIRST": "1", "MMBM_MODEL": "default"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(name, value)
        yield APP


@pytest.fixture
def traffic(page):  # noqa: F811
    """All that the browser receives: frames of the socket and bodies of answers."""
    received = []

    def frame(payload):
        received.append(payload if isinstance(payload, bytes) else payload.encode())

    page.on("websocket", lambda socket: socket.on("framereceived", frame))
    page.on("requestfinished", lambda request: received.append(body_of(request)))
    return received


def body_of(request):
    try:
        return request.response().body()
    except Error:  # a redirect or a picture that is gone has none
        return b""


def told(report):
    """The model's probabilities as a page would write them."""
    return [f"width:{100 * entry.probability:.1f}%".encode() for entry in report.findings]


def holds(received, words):
    return [word for word in words if any(word in part for part in received)]


def case_of(kept, patient, taken):
    return next(c.case_id for c in kept.patient_cases(patient) if c.taken == taken)


def choose(page, stage, finding, answer):  # noqa: F811
    place = page.locator(f".st-key-ask-{stage}-{finding}")
    place.get_by_text(answer, exact=True).click()
    settled(page)


def open_case(page, patient, taken):  # noqa: F811
    """From the worklist, by a click on its row."""
    page.get_by_role("link", name="Worklist", exact=True).click()
    row = page.locator(".listing tbody tr", has_text=patient).filter(has_text=taken.isoformat())
    row.locator("td", has_text=taken.isoformat()).click()
    expect(page.locator(".st-key-first")).to_be_visible(timeout=PATIENCE)
    settled(page)


def answer_first(page, answers):  # noqa: F811
    for finding, answer in answers.items():
        choose(page, "first", finding, answer)
    page.get_by_role("button", name="Lock my answers").click()
    expect(page.locator(".finding").first).to_be_visible(timeout=PATIENCE)
    settled(page)


def final(page, answers, reason):  # noqa: F811
    """Final answers, with a reason wherever one is asked for."""
    for finding, answer in answers.items():
        place = page.locator(f".st-key-ask-final-{finding}").get_by_text(answer, exact=True)
        if place.locator("xpath=ancestor::button").get_attribute("aria-checked") != "true":
            place.click()
            settled(page)
        box = page.get_by_label(f"Why not the model's answer: {NAMES[finding]}")
        if box.count():
            box.fill(reason)
            box.press("Enter")
            settled(page)
    page.get_by_role("button", name="Keep my decision").click()
    expect(page.get_by_text("Kept: Dr Li").first).to_be_visible(timeout=PATIENCE)
    settled(page)


NAMES = {
    "pneumonia": "Pneumonia",
    "no_finding": "No opacity seen",
    "viral": "If pneumonia: viral",
}


def test_from_the_worklist_to_a_manifest_for_calibration(page, server, kept, traffic, tmp_path):  # noqa: F811
    first, second, _ = (case_of(kept, patient, taken) for _, patient, taken in CASES)
    page.goto(f"{server[0]}/worklist")
    expect(page.locator(".listing tbody tr")).to_have_count(3, timeout=PATIENCE)
    page.get_by_role("textbox", name="Your name").fill(NAME)
    page.keyboard.press("Enter")
    settled(page)

    # decide first: nothing of the model is computed or sent before the answers are fixed
    open_case(page, "P-101", CASES[0][2])
    assert f"case={first}" in page.url
    choose(page, "first", "pneumonia", "No")
    assert kept.analysis(first) is None
    before = len(traffic)
    answer_first(page, {"no_finding": "Yes", "viral": "Not sure"})
    report = kept.analysis(first).report
    assert holds(traffic[:before], [*ANSWERS, *told(report)]) == []
    assert holds(traffic[before:], [*ANSWERS, *told(report)]) == [*ANSWERS, *told(report)]
    final(page, {"pneumonia": "No", "no_finding": "Yes", "viral": "No"}, "clear on both sides")

    # a second case of the patient, overridden
    open_case(page, "P-101", CASES[1][2])
    answer_first(page, {"pneumonia": "Yes", "no_finding": "No", "viral": "Not sure"})
    final(page, {"pneumonia": "No", "no_finding": "Not sure"}, "an old scar")
    made = kept.reading(second, NAME)
    assert {d.first for d in made.decisions} == {"yes", "no", "not sure"}
    models = kept.analysis(second).report.trust.answers
    for decision in made.decisions:
        against = decision.final != models[decision.finding].verdict
        assert (decision.act == "override") == against
        assert (decision.reason == "an old scar") == against
    assert any(d.act == "override" for d in made.decisions)

    # both stand in the exported record
    found = result(page, identified=True)
    assert found["findings"] and found["reading"]["reader"] == NAME

    # the patient over time, with the prior beside the film
    page.locator(".st-key-results").get_by_role("tab", name="Over time").click()
    expect(page.get_by_text("Since 3 March 2026: log-odds")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".st-key-prior-film canvas").first).to_be_visible()
    expect(page.locator(".st-key-results .js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    assert faults(page) == []

    open_case(page, "P-102", CASES[2][2])
    answer_first(page, {"pneumonia": "Yes", "no_finding": "No", "viral": "Not sure"})
    final(page, {"pneumonia": "Yes", "no_finding": "No"}, "consolidation on the left")

    # the team, and what was decided as a manifest
    page.get_by_role("link", name="Team", exact=True).click()
    expect(page.locator("table.team").first).to_be_visible(timeout=PATIENCE)
    settled(page)
    assert faults(page) == []
    page.get_by_role("tab", name="Export").click()
    out = tmp_path / "decided"
    page.get_by_role("textbox", name="An empty or new folder").fill(str(out))
    page.get_by_role("button", name="Write manifest").click()
    expect(page.get_by_text("3 cases of 2 patients written")).to_be_visible(timeout=PATIENCE)
    command = [sys.executable, "-m", "mmbm", "calibrate", str(out / "manifest.csv")]
    command += ["--out", str(tmp_path / "model"), "--device", "cpu"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # read to the end, and too few to calibrate on
    assert done.returncode == 2 and "too few labelled cases in its val split" in done.stderr


def test_the_worklist_tells_a_new_reader_nothing(page, server, kept, traffic):  # noqa: F811
    page.goto(f"{server[0]}/worklist")
    expect(page.locator(".listing tbody tr")).to_have_count(3, timeout=PATIENCE)
    settled(page)
    words = [b"Pneumonia:", *(w for c in CASES for w in told_of(kept, c))]
    assert holds(traffic, words) == []
    page.get_by_role("checkbox", name="Mark all cases of this page").click()
    expect(page.get_by_role("button", name="Purge (3)")).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
def test_the_pages_are_without_faults_and_in_one_language(page, server, language, theme):  # noqa: F811
    page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    for path, shown in (
        ("worklist", ".listing tbody tr"),
        ("team", "table.team, .blank"),
        ("team?team-tab=teaching", ".listing, .blank"),
        ("team?team-tab=export", ".st-key-team-export"),
    ):
        sign = "&" if "?" in path else "?"
        page.goto(f"{server[0]}/{path}{sign}language={language}")
        expect(page.locator(shown).first).to_be_visible(timeout=PATIENCE)
        settled(page)
        assert faults(page) == [], path
        assert language == "en" or english(said(page), GIVEN) == [], path
    page.goto(f"{server[0]}/worklist?language={language}")
    page.locator(".listing tbody tr").last.click()
    expect(page.locator(".st-key-first")).to_be_visible(timeout=PATIENCE)
    settled(page)
    assert faults(page) == []
    assert language == "en" or english(said(page), GIVEN) == []
    page.locator(".st-key-first input").first.fill(f"Dr {theme}")
    page.keyboard.press("Enter")
    settled(page)
    for picker in page.locator('[class*="st-key-ask-first"]').all():
        picker.get_by_role("radio").first.click()
        settled(page)
    page.locator(".st-key-first-lock button").click()
    expect(page.locator(".st-key-decision")).to_be_visible(timeout=PATIENCE)
    settled(page)
    page.wait_for_timeout(1500)  # what is new fades in
    assert faults(page) == []
    # A date's fields speak the browser's language, which is English here.
    own = [one for one in said(page) if "stDateInput" not in one.place]
    assert language == "en" or english(own, GIVEN) == []


def told_of(kept, case):
    analysis = kept.analysis(case_of(kept, case[1], case[2]))
    return [] if analysis is None else told(analysis.report)
