"""From a real Orthanc to the stored case, its reading, and back into the study."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime

import pytest
from typer.testing import CliRunner

from mmbm.archive.chain import Kept, pull_into
from mmbm.archive.connect import for_pulling, for_sending
from mmbm.archive.outbox import Outbox, deliver
from mmbm.archive.pull import Refused
from mmbm.archive.query import Query
from mmbm.archive.results import queue, to_send
from mmbm.archive.watch import Watch
from mmbm.cli import app
from mmbm.errors import ConfigError
from mmbm.reading import Decision, Reading
from mmbm.store import open_store
from mmbm.store.scoring import score_waiting
from tests.made_studies import film, slice_of

pytestmark = pytest.mark.slow
ALL = Query(since=date(2026, 1, 1), until=date(2026, 1, 31))


def fill(orthanc):
    """Three chest X-rays, a CT and an MR."""
    for study in (1, 2, 3):
        orthanc.hold(film(study))
    orthanc.hold(slice_of(4, "CT"))
    orthanc.hold(slice_of(5, "MR"))


def pulled(store, config, archive=None):
    found = list(pull_into(store, config, ALL, archive))
    kept = [each.case_id for each in found if isinstance(each, Kept)]
    return kept, [each for each in found if not isinstance(each, Kept)]


def read(store, case_id, answer="yes"):
    decision = Decision(finding="pneumonia", final=answer, act="agree")
    decided = datetime(2026, 1, 31, 12, tzinfo=UTC)
    store.save_reading(case_id, Reading(reader="r", decisions=(decision,), decided_at=decided))


def results(orthanc):
    """What came into each study, by its modality."""
    found = {}
    for of in orthanc.held().values():
        if of["modality"] not in ("DX", "CT", "MR"):
            found.setdefault(of["study"], []).append(of["modality"])
    return {study: sorted(modalities) for study, modalities in found.items()}


def test_a_study_is_pulled_scored_read_and_sent_back_once(orthanc, tmp_path, store, predictor):
    fill(orthanc)
    config = orthanc.config(tmp_path, pull="c-get")
    kept, refused = pulled(store, config)
    assert len(set(kept)) == 3
    assert sorted(str(each.reason)[-3:] for each in refused) == ["CT.", "MR."]
    assert score_waiting(store, predictor).done == 3
    assert to_send(store, config) == ()  # nobody has read them
    for case_id in kept:
        read(store, case_id)
    outbox, archive = Outbox(config.outbox), for_sending(config)
    assert queue(store, predictor, outbox, to_send(store, config)).cases == 3
    delivered = deliver(outbox, archive)
    assert (delivered.waiting, delivered.declined, delivered.stopped) == (0, (), None)
    sent = results(orthanc)
    assert set(sent) == {"1.2.3.1", "1.2.3.2", "1.2.3.3"}
    assert all("SR" in modalities for modalities in sent.values())
    held = orthanc.held()

    again = pulled(store, config)[0]
    assert sorted(again) == sorted(kept)  # the same cases, by the same X-rays
    assert queue(store, predictor, outbox, to_send(store, config)).cases == 0
    lost = Outbox(tmp_path / "lost")  # a program that has lost its outbox
    assert queue(store, predictor, lost, kept).cases == 3
    assert deliver(lost, archive).waiting == 0
    assert orthanc.held() == held

    read(store, kept[0], "no")  # another decision is another report
    assert queue(store, predictor, outbox, to_send(store, config)).cases == 1
    deliver(outbox, archive)
    assert len(orthanc.held()) > len(held) and set(held) < set(orthanc.held())


class Killing:
    """Kills the archive while it hands out a study."""

    def __init__(self, archive, orthanc, at):
        self.archive, self.orthanc, self.left = archive, orthanc, at
        self.studies, self.series = archive.studies, archive.series

    def fetch(self, study, series):
        self.left -= 1
        if self.left == 0:
            threading.Timer(0.001, self.orthanc.kill).start()
        yield from self.archive.fetch(study, series)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nothing_is_lost_or_doubled_where_the_archive_is_killed_while_it_sends(
    orthanc, tmp_path, store
):
    fill(orthanc)
    config = orthanc.config(tmp_path, timeout=3.0)
    try:
        killing = Killing(for_pulling(config), orthanc, at=2)
        first, rest = pulled(store, config, killing)
    finally:
        orthanc.start()
    assert any(not isinstance(each, Refused) for each in rest)  # a sentence: it brought no more
    second, _ = pulled(store, config)
    assert set(first) <= set(second) and len(set(second)) == len(second) == 3
    assert store.counts()["all"] == 3


def test_notes_reach_the_stored_case(orthanc, tmp_path, store):
    orthanc.hold(film(1))
    (tmp_path / "notes.csv").write_text("accession,notes\nA1,Cough and fever.\n")
    config = orthanc.config(tmp_path, notes=str(tmp_path / "notes.csv"))
    (case_id,), _ = pulled(store, config)
    assert store.read(case_id).notes.text == "Cough and fever."
    assert store.case(case_id).source == "archive"


def test_the_watched_folder_becomes_cases(tmp_path, store, orthanc):
    config = orthanc.config(
        tmp_path, inbox=str(tmp_path / "inbox"), settled=0.0, dicom={"host": ""}
    )
    with Watch(config, store) as watching:
        for name, content in (("a", film(1)), ("b", slice_of(2, "CT")), ("c", b"text")):
            (tmp_path / "inbox" / name).write_bytes(content)
        found = list(watching.arrived())
        assert [type(each) for each in found].count(Kept) == 1
        assert list(watching.arrived()) == [] and watching.to_send() == ()
    refused = (tmp_path / "inbox" / "refused").iterdir()
    assert sorted(path.name for path in refused) == ["b", "c"]
    with pytest.raises(ConfigError, match="give inbox"):
        Watch(config.model_copy(update={"inbox": None}), store)


def test_the_command_line_goes_the_whole_way(orthanc, tmp_path, tiny_model_dir):
    fill(orthanc)
    (tmp_path / "archive.toml").write_text(
        f'inbox = "inbox"\nsettled = 0\n[web]\nurl = "http://127.0.0.1:{orthanc.http}/dicom-web"\n'
    )
    options = ["--config", str(tmp_path / "archive.toml")]
    model = [*options, "--model", str(tiny_model_dir), "--device", "cpu"]

    def run(*words, code=0):
        done = CliRunner().invoke(app, ["archive", *words])
        assert done.exit_code == code, done.output
        return done.output

    assert "Cases: 3; refused: 2." in run("pull", *options, "--since", "2026-01-01")
    assert "The study has: CT." in run("pull", *options, "--accession", "A4")
    assert "error" in run("pull", *options, code=2)
    run("score", *model)
    assert "Sent: 0; waiting: 0." in run("send", *model)
    store = open_store(tmp_path / "cases")
    read(store, store.wanted_ids(to_all())[0])
    store.close()
    assert "Sent: 0" not in run("send", *model)
    (tmp_path / "inbox" / "new.dcm").parent.mkdir(exist_ok=True)
    (tmp_path / "inbox" / "new.dcm").write_bytes(film(7))
    assert "Cases: 1; refused: 0." in run("watch", *model, "--once")
    orthanc.stop()
    try:
        assert "does not answer" in run("pull", *options, "--accession", "A1", code=2)
    finally:
        orthanc.start()


def to_all():
    from mmbm.store import Wanted

    return Wanted()
