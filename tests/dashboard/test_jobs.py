"""Calculations beside the page: shown, stopped, and their answers taken."""

import gc
import re
import threading
import time

import pytest

from dashboard import jobs, models
from dashboard.jobs import Job
from dashboard.parts import badge, closer, flips
from mmbm.errors import Cancelled, NoSignal
from tests.dashboard.test_pages import NOTE, clean, open_tab, shown, upload

PATIENCE = 60.0  # seconds
METHOD = "Layer Integrated Gradients"


def ended(job):
    assert not job.running(PATIENCE)
    return job


def until_told(job):
    """A task that only ends when it is stopped."""
    while not job.cancelled():
        job.say(0.4)
        time.sleep(0.01)
    raise Cancelled("stopped")


def test_a_job_gives_its_answer():
    job = ended(Job(lambda job: job.say(0.5) or 42))
    assert (job.answer(), job.done, job.stopped, job.stopping) == (42, 0.5, False, False)


def test_a_job_raises_what_its_task_raised():
    def refuse(job):
        raise NoSignal("Nothing in it.")

    job = ended(Job(refuse))
    assert not job.stopped
    with pytest.raises(NoSignal, match="Nothing in it"):
        job.answer()


def test_a_stopped_job_ends_and_so_does_its_thread():
    before = threading.active_count()
    job = Job(until_told)
    assert job.running() and not job.stopped
    job.stop()
    assert job.stopping and ended(job).stopped
    end = time.monotonic() + PATIENCE
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_a_job_whose_reader_has_left_stops_by_itself(monkeypatch):
    monkeypatch.setattr(jobs, "UNSEEN", 0.1)
    job = Job(until_told)
    time.sleep(0.5)
    assert ended(job).stopped


@pytest.fixture
def noted(app, monkeypatch):
    """The review page with a note and a method whose map is not there yet; it waits for nothing."""
    monkeypatch.setattr(badge, "PATIENCE", 1e9)
    monkeypatch.setattr(jobs, "AT_FIRST", PATIENCE)  # the note's own map is judged
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    assert not app.session_state["session"].jobs
    monkeypatch.setattr(jobs, "AT_FIRST", 0.0)
    open_tab(app, "Look closer")
    return clean(app.selectbox(key="closer-method-notes").select(METHOD).run())


def test_garbage_collection_after_a_run_leaves_the_model_alone(noted):
    """Streamlit collects after each run of the page, and so would hold up what runs beside it."""
    assert gc.get_freeze_count() > 100_000
    assert len(gc.get_objects()) < gc.get_freeze_count()


def stop_button(app):
    return next((b for b in app.button if (b.key or "").startswith("stop-")), None)


def the_job(app):
    return next(iter(app.session_state["session"].jobs.values()))


@pytest.mark.parametrize(
    ("room", "name", "tab", "button"),
    [
        (closer, "attribute", "Look closer", "closer-run"),
        (flips, "flip", "What if", "flip-notes"),
    ],
)
def test_a_running_calculation_can_be_stopped_and_begun_again(
    noted, monkeypatch, room, name, tab, button
):
    """The real work is held up before its first step, so that there is time to press Stop."""
    real, step, free = getattr(room, name), threading.Event(), threading.Event()

    def slow(*args, cancelled, **rest):
        def told():
            step.set()
            free.wait(PATIENCE)
            return cancelled()

        return real(*args, cancelled=told, **rest)

    monkeypatch.setattr(room, name, slow)
    open_tab(noted, tab)
    noted.button(key=button).click().run()
    assert stop_button(clean(noted)).label == "Stop"
    job = the_job(noted)
    assert step.wait(PATIENCE)
    stop_button(noted).click().run()
    assert job.stopping and "Stopping after this step" in everything(noted)
    assert stop_button(clean(noted)).disabled
    free.set()
    assert ended(job).stopped
    noted.run()
    assert "stopped before it finished" in shown(clean(noted))
    assert stop_button(noted) is None and "note.txt" in shown(noted)
    models.predictor().alone(lambda: None)  # the worker is free

    monkeypatch.setattr(jobs, "AT_FIRST", PATIENCE)
    noted.button(key=button).click().run()
    assert "stopped before it finished" not in shown(clean(noted))
    done = r"The shares sum to|does not guarantee a sum|Without these \d+ of|with half removed"
    assert re.search(done, shown(noted))
    assert not noted.session_state["session"].jobs


def test_a_verdict_can_be_stopped_and_asked_for(noted, monkeypatch):
    real = badge.judge
    monkeypatch.setattr(badge, "judge", lambda *given: until_told(given[-1]))
    noted.button(key="closer-run").click().run()
    if any(len(key) == 4 for key in noted.session_state["session"].jobs):  # the map itself
        ended(the_job(noted))
        noted.run()  # it is there, and is being judged
    assert "The shares sum to" in shown(clean(noted))
    assert f"Checking the map of {METHOD}" in everything(noted)
    assert "closer-map-0-judge" not in [b.key for b in noted.button]
    job = the_job(noted)
    stop_button(noted).click().run()
    assert ended(job).stopped
    noted.run()
    assert f"Checking the map of {METHOD}: stopped before it finished" in shown(clean(noted))

    monkeypatch.setattr(badge, "judge", real)
    monkeypatch.setattr(jobs, "AT_FIRST", PATIENCE)
    noted.run()
    noted.button(key="closer-map-0-judge").click().run()
    assert 'class="verdict ' in shown(clean(noted))
    assert not noted.session_state["session"].jobs


def everything(app):
    """All words on the screen, a progress bar's among them."""
    return shown(app) + " ".join(p.proto.text for p in app.get("progress"))


def test_a_new_case_stops_what_is_computed_for_the_last_one(noted, monkeypatch):
    monkeypatch.setattr(flips, "search", lambda *_: until_told(_[-1]))
    open_tab(noted, "What if")
    noted.button(key="flip-notes").click().run()
    job = the_job(noted)
    assert job.running()
    noted.button(key="new-case").click().run()
    assert ended(job).stopped and not noted.session_state["session"].jobs


def test_what_runs_for_another_finding_is_still_shown_and_taken(noted, monkeypatch):
    free = threading.Event()
    real = flips.search
    monkeypatch.setattr(flips, "search", lambda *given: free.wait(PATIENCE) and real(*given))
    open_tab(noted, "What if")
    noted.button(key="flip-notes").click().run()
    job = the_job(noted)
    noted.button(key="finding-no_finding").click().run()
    assert "Words · Pneumonia: scoring the case" in shown(clean(noted))
    free.set()
    ended(job)
    noted.run()
    noted.button(key="finding-pneumonia").click().run()
    assert re.search(r"Without these \d+ of|with half removed", shown(clean(noted)))
