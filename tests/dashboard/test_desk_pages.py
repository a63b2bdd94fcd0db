"""Worklist, decide first, the decision and the patient over time, on pages with a store."""

import json
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import stored
from dashboard.samples import sample_files
from dashboard.scoring import scoring
from mmbm.reading import LONGEST_TEXT, Decision, Mark, Reading
from mmbm.store import Given, Wanted

pytestmark = pytest.mark.slow

SCREENS = ("worklist", "team")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A store that is switched on for the pages."""
    monkeypatch.setenv("MMBM_STORE", str(tmp_path / "store"))
    yield stored.store()
    stored.store().close()


def add(kept, sample="adult-opacity", **known):
    """A sample case in the store; its number."""
    files = sample_files(sample)
    return kept.add_case(
        {m: Given(name=path.name, content=path.read_bytes()) for m, path in files.items()}, **known
    )


def note(kept, text, **known):
    """A case of a typed note alone."""
    return kept.add_case({"notes": Given(name="", content=text.encode(), kind="typed")}, **known)


def opened(app, case_id):
    """The Review page with a case of the store."""
    app.query_params["case"] = case_id
    app.run()
    assert not app.exception
    return app


def by_key(app, key):
    return next(b for b in app.button if b.key == key)


def html(app):
    return " ".join(h.proto.body for h in app.get("html"))


def answered(app):
    """Whether the page shows an answer of the model."""
    return 'class="finding-name"' in html(app)


def named(app, name="Dr Li"):
    box = next(box for box in app.text_input if box.key == "reader-name")
    box.set_value(name).run()
    assert not app.exception


def choose(app, start, answer):
    """One answer in every picker whose key begins so."""
    for picker in app.segmented_control:
        if f"draft-{start}-" in picker.key:
            picker.set_value(answer)
    app.run()
    assert not app.exception


def test_without_a_store_its_pages_are_not_there(app, monkeypatch, tmp_path):
    monkeypatch.delenv("MMBM_STORE", raising=False)
    app.run()
    assert not app.exception
    assert not {b.key for b in app.button} & {"keep-case", "decision-keep"}


def test_a_case_of_the_store_opens_from_the_address(app, kept):
    case_id = add(kept)
    opened(app, case_id)
    assert answered(app)
    analysis = kept.analysis(case_id)
    assert analysis is not None and set(analysis.inputs) == {"image", "notes", "audio"}


def test_an_address_that_names_no_case_says_so(app, kept):
    opened(app, "00ff00ff00ff00ff")
    assert any("no such case" in e.value for e in app.error)
    opened(AppTest.from_file(app._script_path, default_timeout=120), "../../etc")


def test_a_decision_keeps_the_case_and_stands_in_the_download(app, kept):
    app.run()
    next(b for b in app.button if b.key.startswith("sample-adult-opacity")).click().run()
    assert kept.worklist(Wanted()).total == 0
    assert by_key(app, "decision-keep").disabled
    assert [area.max_chars for area in app.text_area if "comment" in area.key] == [LONGEST_TEXT]
    named(app)
    choose(app, "final", "not sure")
    for box in app.text_input:
        if "draft-reason" in box.key:
            box.set_value("seen otherwise")
    app.run()
    next(d for d in app.date_input if "follow-up" in d.key).set_value(date(2026, 6, 1)).run()
    by_key(app, "decision-keep").click().run()
    assert not app.exception and not app.error
    assert [due.follow_up for due in kept.due(date(2026, 6, 1))] == [date(2026, 6, 1)]
    row = kept.worklist(Wanted()).rows[0]
    reading = kept.reading(row.case.case_id)
    assert reading.reader == "Dr Li" and reading.decided_at is not None
    assert {d.final for d in reading.decisions} == {"not sure"}
    assert all(d.reason for d in reading.decisions if d.act == "override")
    assert row.case.read and row.answers
    assert set(kept.parts(row.case.case_id)) == {"image", "notes", "audio"}


def test_nothing_is_kept_before_somebody_says_so(app, kept):
    app.run()
    next(b for b in app.button if b.key.startswith("sample-adult-clear")).click().run()
    assert kept.worklist(Wanted()).total == 0
    by_key(app, "keep-case").click().run()
    assert not app.exception
    assert kept.worklist(Wanted()).total == 1
    assert kept.worklist(Wanted()).rows[0].case.scored


def test_who_decides_first_hears_nothing_of_the_model_before(app, kept, monkeypatch):
    monkeypatch.setenv("MMBM_DECIDE_FIRST", "1")
    case_id = add(kept)
    opened(app, case_id)
    assert kept.analysis(case_id) is None
    assert not answered(app) and not app.warning
    assert by_key(app, "first-lock").disabled
    assert [area.max_chars for area in app.text_area if "comment" in area.key] == [LONGEST_TEXT]
    named(app)
    choose(app, "first", "no")
    assert kept.analysis(case_id) is None
    by_key(app, "first-lock").click().run()
    assert not app.exception and not app.error
    reading = kept.reading(case_id, "Dr Li")
    assert reading.locked_at is not None and {d.first for d in reading.decisions} == {"no"}
    assert kept.analysis(case_id) is not None and answered(app)


def test_another_reader_decides_for_himself(app, kept, monkeypatch):
    monkeypatch.setenv("MMBM_DECIDE_FIRST", "1")
    case_id = add(kept)
    opened(app, case_id)
    named(app)
    choose(app, "first", "yes")
    by_key(app, "first-lock").click().run()
    assert answered(app)
    by_key(app, "reader-change").click().run()
    assert not answered(app) and "case" not in app.query_params
    other = opened(AppTest.from_file(app._script_path, default_timeout=120), case_id)
    named(other, "Dr Wang")
    assert not answered(other)
    named_again = opened(AppTest.from_file(app._script_path, default_timeout=120), case_id)
    named(named_again)
    assert answered(named_again), "who has answered sees the model again"


def test_the_worklist_shows_scores_and_purges(app, kept, monkeypatch):
    first, second = add(kept, patient="P1", taken=date(2026, 3, 1)), note(kept, "Fever.")
    app.run()
    app.switch_page("screens/worklist.py").run()
    assert not app.exception
    by_key(app, "bulk-score").click().run()
    scoring().wait(120)
    app.run()
    assert not app.exception
    assert kept.unscored() == () and kept.analysis(second) is not None
    app.session_state["session"].chosen = frozenset({first})
    app.run()
    by_key(app, "bulk-purge").click().run()
    assert not app.exception and not app.error
    assert kept.worklist(Wanted()).total == 1
    assert "purge by hand" in {entry.act for entry in kept.audit()}


def test_what_is_exported_holds_both_and_not_the_case(kept, monkeypatch, app):
    case_id = note(kept, "Fever, cough and crackles.", patient="P1")
    opened(app, case_id)
    kept.save_reading(case_id, Reading(reader="Dr Li", comment="seen"))
    from dashboard.parts import bulk

    monkeypatch.setattr(bulk, "may_see", lambda _: True)
    named = bulk.exported((case_id,), "Dr Wu", identified=True)
    found = json.loads(named)
    assert found["notice"] and found["cases"][0]["report"]["findings"]
    assert found["cases"][0]["readings"][0]["comment"] == "seen"
    assert found["cases"][0]["patient"] == "P1" and "crackles" not in named
    bare = bulk.exported((case_id,), "Dr Wu")
    assert json.loads(bare)["cases"][0]["report"] == found["cases"][0]["report"]
    assert not [word for word in ("Dr Li", "seen", "P1") if f'"{word}"' in bare]
    assert [(e.act, e.who) for e in kept.audit(case_id)][-2:] == [
        ("export json identified", "Dr Wu"),
        ("export json de-identified", "Dr Wu"),
    ]


def test_a_patient_over_time(app, kept):
    note(kept, "Fever and cough, crackles on the right.", patient="P1", taken=date(2026, 3, 3))
    now = note(kept, "No fever, no cough.", patient="P1", taken=date(2026, 5, 4))
    for case_id in kept.unscored():
        opened(app, case_id)
        app = AppTest.from_file(app._script_path, default_timeout=120)
    app.query_params["review-tab"] = "time"
    opened(app, now)
    said = html(app)
    assert "Since 3 March 2026: log-odds" in said and "notes" in said


def test_the_marks_of_a_kept_reading_come_back_with_its_case(app, kept):
    case_id = add(kept)
    box = Mark(kind="box", points=((0.1, 0.2), (0.4, 0.5)))
    kept.save_reading(case_id, Reading(reader="Dr Li", marks=(box,)))
    opened(app, case_id)
    assert app.session_state["session"].drawn.marks == ()
    named(app)
    assert app.session_state["session"].drawn.marks == (box,)


def decide(kept, case_id, answer, reader="Dr Li", first=None):
    """A reading of the first finding alone."""
    made = Decision(finding="pneumonia", first=first, final=answer)
    kept.save_reading(case_id, Reading(reader=reader, decisions=(made,)))


def test_the_team_table_says_what_it_is_judged_by(app, kept, tmp_path):
    ids = [note(kept, f"Fever {n}.", patient=f"P{n}") for n in range(4)]
    for case_id, answer in zip(ids, ("yes", "no", "yes", "not sure"), strict=True):
        decide(kept, case_id, answer)
    app.run()
    app.switch_page("screens/team.py").run()
    assert not app.exception
    assert "own final answers" in html(app) and "Both together" in html(app)
    labels = tmp_path / "labels.csv"
    labels.write_text(f"case_id,pneumonia\n{ids[0]},1\n{ids[1]},1\n{ids[2]},\n", encoding="utf-8")
    next(box for box in app.text_input if box.key == "team-labels").set_value(str(labels)).run()
    assert not app.exception and "labels of the file" in html(app)
    assert "1 of 2" in html(app), "one of two with the finding was answered with yes"
    labels.write_text("case_id,pneumonia\nx,maybe\n", encoding="utf-8")
    app.run()
    assert any("labels.csv" in e.value for e in app.error)


def test_decided_cases_go_out_as_a_manifest(app, kept, tmp_path):
    for n in range(4):
        decide(kept, note(kept, f"Fever {n}.", patient=f"P{n}"), "yes" if n % 2 else "no")
    app.query_params["team-tab"] = "export"
    app.run()
    app.switch_page("screens/team.py").run()
    assert not app.exception
    next(b for b in app.text_input if b.key == "team-export-path").set_value(str(tmp_path / "out"))
    next(b for b in app.button if b.key.startswith("team-export")).click().run()
    assert not app.exception and not app.error
    assert any("4 cases of 4 patients" in s.value for s in app.success)
    assert len((tmp_path / "out" / "manifest.csv").read_text().splitlines()) == 5
