"""Pulling from an archive and sending back to it, on the Worklist page."""

from datetime import UTC, date, datetime

import pytest

from dashboard import archive as behind
from dashboard import stored
from mmbm.archive import pull as pulling
from mmbm.archive.query import FoundSeries, FoundStudy
from mmbm.errors import ArchiveError
from mmbm.predict import load
from mmbm.reading import Decision, Reading
from mmbm.store import Given, Wanted
from mmbm.text import sentence
from tests.made_studies import film, slice_of

PATIENCE = 60.0  # seconds


class MadeArchive:
    """An archive in memory: chest X-rays 1 and 2, a CT 3."""

    def __init__(self):
        self.kept = []

    def studies(self, query):
        found = [FoundStudy(f"1.2.3.{n}", f"A{n}", f"P{n}", date(2026, 1, n)) for n in (1, 2, 3)]
        return [study for study in found if query.fits(study)]

    def series(self, study):
        return [FoundSeries(f"{study.study_uid}.1", "CT" if study.accession == "A3" else "DX")]

    def fetch(self, study, series):
        number = int(study.accession[1:])
        yield slice_of(3, "CT") if number == 3 else film(number)

    def keep(self, content):
        self.kept.append(content)


class DeadArchive(MadeArchive):
    """One that nobody answers at."""

    def studies(self, query):
        raise ArchiveError(sentence("archive.unreachable"))

    def keep(self, content):
        raise ArchiveError(sentence("archive.unreachable"))


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("MMBM_STORE", str(tmp_path / "store"))
    yield stored.store()
    stored.store().close()


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """An archive that is configured for the page."""
    made = MadeArchive()
    (tmp_path / "archive.toml").write_text('[web]\nurl = "http://127.0.0.1:9/dicom-web"\n')
    monkeypatch.setenv("MMBM_ARCHIVE", str(tmp_path / "archive.toml"))
    monkeypatch.setattr(pulling, "for_pulling", lambda config: made)
    monkeypatch.setattr(behind, "for_sending", lambda config: made)
    return made


def worklist(app, language="en"):
    app.query_params["language"] = language
    app.run()
    app.switch_page("screens/worklist.py").run()
    assert not app.exception
    return app


def by_key(app, key):
    return next((b for b in app.button if b.key == key), None)


def html(app):
    return " ".join(h.proto.body for h in app.get("html"))


def ask(app, **asked):
    for name, value in asked.items():
        boxes = [*app.text_input, *app.date_input]
        next(box for box in boxes if box.key == f"pull-{name}").set_value(value)
    next(b for b in app.button if b.label in ("Pull", "调取")).click().run()
    assert not app.exception
    errand = app.session_state["session"].errand
    if errand is not None:
        assert not errand.running(PATIENCE)
        app.run()
        assert not app.exception


def test_without_an_archive_there_is_no_form(app, kept, monkeypatch):
    monkeypatch.delenv("MMBM_ARCHIVE", raising=False)
    worklist(app)
    assert not [box for box in app.text_input if box.key == "pull-patient"]
    assert "become cases here" not in html(app)


def test_studies_become_cases_and_the_rest_is_named(app, kept, archive):
    worklist(app)
    ask(app, since=date(2026, 1, 1), until=date(2026, 1, 31))
    said = html(app)
    assert "Pulled from the archive: 2; refused: 1" in said
    assert "<b>P1</b> 2026-01-01" in said and "<b>P2</b>" in said
    assert "<b>A3</b> No frontal chest X-ray that can be read. The study has: CT." in said
    rows = kept.worklist(Wanted()).rows
    assert {row.case.patient for row in rows} == {"P1", "P2"}
    assert {(e.act, e.who) for e in kept.audit()} == {("add", "local"), ("pull", "local")}
    by_key(app, "errand-away").click().run()
    assert "Pulled from" not in html(app)


def test_one_accession_number_or_patient_is_one_study(app, kept, archive):
    worklist(app, "zh")
    ask(app, accession=" A1 ")
    assert "已从影像归档调取：1；未予调取：0" in html(app)
    ask(app, accession="", patient="P9")
    assert "影像归档中没有符合条件的检查。" in html(app)
    assert kept.worklist(Wanted()).total == 1


def test_what_cannot_be_asked_is_said(app, kept, archive, monkeypatch, tmp_path):
    worklist(app)
    ask(app)
    assert any("Say which studies" in e.value for e in app.error)
    ask(app, since=date(2026, 2, 1), until=date(2026, 1, 1))
    assert any("first day is after the last" in e.value for e in app.error)
    monkeypatch.setenv("MMBM_ARCHIVE", str(tmp_path / "absent.toml"))
    ask(app, until=date(2026, 3, 1))
    assert app.error and kept.audit() == ()


def test_a_dead_archive_is_one_sentence(app, kept, archive, monkeypatch):
    monkeypatch.setattr(pulling, "for_pulling", lambda config: DeadArchive())
    worklist(app)
    ask(app, accession="A1")
    assert any("The archive does not answer." in e.value for e in app.error)
    app.run()
    assert app.error, "it stands until it is put away"


def test_decided_cases_go_back_and_the_others_are_named(app, kept, archive, tiny_model_dir):
    worklist(app)
    ask(app, until=date(2026, 1, 31))
    by_key(app, "bulk-score").click().run()
    from dashboard.scoring import scoring

    scoring().wait(PATIENCE)
    ids = {row.case.patient: row.case.case_id for row in kept.worklist(Wanted()).rows}
    decision = Decision(finding="pneumonia", final="yes", act="agree")
    decided = datetime(2026, 1, 31, 12, tzinfo=UTC)
    kept.save_reading(ids["P1"], Reading(reader="r", decisions=(decision,), decided_at=decided))
    app.session_state["session"].chosen = frozenset(ids.values())
    app.run()
    by_key(app, "bulk-send").click().run()
    assert not app.exception
    errand = app.session_state["session"].errand
    assert not errand.running(PATIENCE)
    app.run()
    said = html(app)
    assert f"DICOM objects sent to the archive: {len(archive.kept)}; waiting: 0" in said
    assert len(archive.kept) >= 2 and all(b"1.2.3.1" in content for content in archive.kept)
    assert "<b>P2</b> Nobody has read it yet." in said
    assert [e.act for e in kept.audit(ids["P1"])][-1] == "send identified"
    assert "send identified" not in [e.act for e in kept.audit(ids["P2"])]


def test_a_purged_case_does_not_keep_the_others_from_the_archive(kept, archive, tiny_model_dir):
    case_id = kept.add_case({"notes": Given(name="", content=b"Cough.", kind="typed")})
    send = behind.Send(behind.configured(), load(tiny_model_dir, "cpu"), ("0" * 16, case_id), "r")
    assert not send.running(PATIENCE)
    assert [name for name, _ in send.refused] == ["0" * 8, case_id[:8]]
    assert "There is no such case" in str(send.refused[0][1]) and send.stopped is None


def test_an_errand_that_is_stopped_keeps_what_came(kept, archive):
    from mmbm.archive.query import Query

    archive.fetch = lambda study, series: (pulled.stop(), iter([film(1)]))[1]
    started = []
    archive.series = lambda study: started.append(study) or [FoundSeries("1.2.3.1.1", "DX")]
    pulled = behind.Pull.__new__(behind.Pull)
    pulled.__init__(behind.configured(), Query(until=date(2026, 1, 31)), "local")
    assert not pulled.running(PATIENCE)
    assert len(started) == 1 and len(pulled.kept) == 1
