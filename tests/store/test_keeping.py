"""A store's folder: made, brought forward, refused, shared, emptied."""

from __future__ import annotations

import errno
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

import mmbm.store.migrations
from mmbm.analysis import analyse
from mmbm.errors import ConfigError, StoreDamaged, StoreError
from mmbm.reading import Decision, Reading
from mmbm.store import Given, Wanted, open_store, purge, store_folder
from mmbm.store.blobs import Blobs
from mmbm.store.database import NAME, OLDER
from mmbm.store.migrations.versions import first
from mmbm.store.tables import HEAD, metadata, settings

MIGRATIONS = Path(mmbm.store.migrations.__file__).parent


def content(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def note(text):
    return {"notes": Given(name="note.txt", content=text.encode())}


def test_the_tables_are_what_the_migrations_leave(store):
    with store._database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    script = ScriptDirectory(str(MIGRATIONS))
    known = [step.revision for step in script.walk_revisions()]
    assert (known[0], set(known[1:])) == (HEAD, set(OLDER)) and script.get_heads() == [HEAD]


def test_a_store_of_the_first_form_is_brought_forward(tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    engine = sa.create_engine(f"sqlite:///{folder / NAME}")
    with engine.begin() as connection:
        with Operations.context(MigrationContext.configure(connection)):
            first.upgrade()
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num TEXT PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('0001')")
        connection.exec_driver_sql(
            "INSERT INTO cases VALUES ('c', 'k', 'P', '2026-03-03', 's', '', NULL, '', "
            "'2026-03-03T00:00:00+00:00', 'p', 0, 0, 0, 0, NULL, NULL)"
        )
    engine.dispose()
    store = open_store(folder)
    store.set_labels("c", {"pneumonia": True})
    assert store.case("c").taken == date(2026, 3, 3) and store.labels("pneumonia") == {"c": True}
    store.close()


def test_a_store_of_a_newer_program_is_left_alone(tmp_path):
    open_store(tmp_path / "s").close()
    with sqlite3.connect(tmp_path / "s" / NAME) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = content(tmp_path / "s")
    with pytest.raises(StoreError, match="newer version of this program"):
        open_store(tmp_path / "s")
    assert before in content(tmp_path / "s")


@pytest.mark.parametrize("damage", ["cut", "zeros", "text", "other tables"])
def test_a_damaged_database_is_refused(tmp_path, damage):
    store = open_store(tmp_path / "s")
    for number in range(200):
        store.log(f"act {number}")
    store.close()
    path = tmp_path / "s" / NAME
    if damage == "other tables":
        path.unlink()
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE birds (name TEXT)")
        connection.close()
    else:
        whole = path.read_bytes()
        spoilt = {
            "cut": whole[: len(whole) // 2],
            "zeros": whole[:8192] + bytes(len(whole) - 8192),
            "text": b"no database at all" * 500,
        }
        path.write_bytes(spoilt[damage])
    with pytest.raises(StoreDamaged, match="damaged"):
        open_store(tmp_path / "s")


def test_a_folder_with_other_files_is_no_store(tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(StoreError, match="holds other files"):
        open_store(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_without_sqlalchemy_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if re.match(r"mmbm\.store\.", name)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(ConfigError, match=r"pip install"):
        open_store(tmp_path / "s")


def test_without_a_store_nothing_is_written(tmp_path, monkeypatch, given, predictor):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("MMBM_STORE", raising=False)
    from mmbm.store.cases import whole

    assert store_folder() is None
    assert analyse(whole(given()), predictor).accounts
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_nothing_half_written_stays(store, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="cannot be written"):
        store.add_case(note("Cough."))
    monkeypatch.undo()
    assert b"Cough." not in content(store.folder) and store.worklist().total == 0


def test_a_full_disk_is_told_whatever_the_statement_says(store):
    case_id = store.add_case(note("Cough."))

    @sa.event.listens_for(store._database.engine, "connect")
    def no_room(connection, _):
        connection.execute("PRAGMA max_page_count = 1")

    store._database.engine.dispose()
    reasons = tuple(Decision(finding="pneumonia", reason="x" * 2000) for _ in range(50))
    with pytest.raises(StoreError, match="cannot be written"):  # a column is named "locked"
        store.save_reading(case_id, Reading(reader="r", decisions=reasons))


def test_many_threads_and_the_same_cases(store):
    def add(number):
        case_id = store.add_case(note(f"Case {number % 10}."))
        store.log("look", case_id)
        return case_id

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(add, range(80)))
    assert len(set(found)) == 10 == store.worklist().total
    assert len(store.audit()) == 90 and store.verify_audit()


ANOTHER = """
import sys
from pathlib import Path
from mmbm.store import Given, open_store
store = open_store(Path(sys.argv[1]))
for number in range(15):
    parts = {"notes": Given(name="", content=f"{sys.argv[2]} {number}".encode())}
    store.add_case(parts)
store.close()
"""


@pytest.mark.slow
def test_several_processes_make_and_fill_one_store(tmp_path):
    words = [sys.executable, "-c", ANOTHER, str(tmp_path / "s")]
    started = [subprocess.Popen([*words, name]) for name in ("one", "two")]
    assert [process.wait() for process in started] == [0, 0]
    store = open_store(tmp_path / "s")
    assert store.worklist().total == 30 and store.verify_audit() and store.faults() == []
    store.close()


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_nothing_acknowledged(tmp_path):
    words = [sys.executable, "-m", "tests.made_killed", str(tmp_path), "10", "1", "0.8"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["opened"] == 10 and found["acknowledged"]["add"] > 5
    assert (found["lost"], found["faults"], found["bytes of purged cases"]) == ([], [], [])


def test_a_purge_leaves_no_byte(store, given, predictor):
    parts = given() | {"notes": Given(name="Mrs-Zebra.txt", content=b"Zebra has a fever. Cough.")}
    case_id = store.add_case(parts, patient="Zebra-77", source="Zebra-clinic")
    other = store.add_case(given(1), patient="Okapi")
    store.save_analysis(case_id, analyse(store.read(case_id), predictor))
    made = (Decision(finding="pneumonia", first="yes", reason="Zebra reason"),)
    store.lock_first(case_id, Reading(reader="Dr A", decisions=made, comment="Zebra comment"))
    store.mark_shown(case_id, "Dr A")
    store.set_labels(case_id, {"zebra_finding": True})
    store.save_export(case_id, "pdf", Given(name="Zebra.pdf", content=b"Zebra report"))
    logit = store.analysis(case_id).logits["pneumonia"].encode()
    proof = store.purge(case_id, by="Dr A", why="on request")
    held = content(store.folder)
    assert proof.clean and proof.files == 4 and proof.rows > 10
    assert not re.search(rb"zebra", held, re.IGNORECASE)
    for gone in (logit, *(part.content[:64] for part in parts.values())):
        assert gone not in held
    assert (store.audit()[-1], proof.entry.act) == (proof.entry, "purge on request")
    assert store.verify_audit() and store.faults() == []
    assert store.parts(other) == given(1)


def test_a_purge_beside_a_reader_is_finished_later(tmp_path, monkeypatch):
    monkeypatch.setattr("mmbm.store.database.WAITS", 0)
    monkeypatch.setattr(
        "mmbm.store.database.PRAGMAS",
        ("PRAGMA busy_timeout = 100", "PRAGMA secure_delete = ON", "PRAGMA temp_store = MEMORY"),
    )
    store = open_store(tmp_path / "s")
    case_id = store.add_case(note("Cough."), patient="Zebra-77")
    other = sqlite3.connect(tmp_path / "s" / NAME)
    other.execute("BEGIN")
    assert other.execute("SELECT patient FROM cases").fetchall() == [("Zebra-77",)]
    assert not store.purge(case_id).clean
    other.close()
    store.close()
    store = open_store(tmp_path / "s")
    assert b"Zebra" not in content(store.folder)
    store.close()


def test_a_purge_that_died_half_way_is_finished_when_the_store_opens(store, monkeypatch):
    case_id = store.add_case(note("Zebra."))
    monkeypatch.setattr(store, "_forget", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.purge(case_id)
    assert b"Zebra." in content(store.folder)
    open_store(store.folder).close()
    assert b"Zebra." not in content(store.folder)


def test_what_is_put_again_is_not_swept_before_a_row_names_it(tmp_path):
    blobs = Blobs(tmp_path)
    path = blobs.path(blobs.put(b"Cough."))
    os.utime(path, (0, 0))
    blobs.put(b"Cough.")
    assert blobs.sweep(lambda _: False) == 0 and path.is_file()
    os.utime(path, (0, 0))
    assert blobs.sweep(lambda _: False) == 1 and not path.exists()


def test_what_a_dead_process_left_is_taken_away(store):
    (kept,) = store.parts(store.add_case(note("Kept."))).values()
    left = store._blobs.path(store._blobs.put(b"left behind"))
    half = left.parent / ".half"
    half.write_bytes(b"half")
    open_store(store.folder).close()
    assert left.exists() and half.exists()  # another process may be writing them just now
    for path in (left, half):
        os.utime(path, (0, time.time() - 7200))
    open_store(store.folder).close()
    assert not left.exists() and not half.exists()
    assert kept.content == b"Kept." and b"Kept." in content(store.folder)


def test_a_file_that_is_finished_while_the_store_opens_is_left(store, monkeypatch):
    half = store._blobs.path(store._blobs.put(b"whole")).parent / ".half"
    half.write_bytes(b"half")
    files = Blobs._files

    def finished_meanwhile(blobs):
        for path in list(files(blobs)):
            if path == half:
                half.unlink()
            yield path

    monkeypatch.setattr(Blobs, "_files", finished_meanwhile)
    open_store(store.folder).close()


def test_two_programs_that_open_a_store_share_what_is_due(tmp_path, monkeypatch):
    clock = [datetime(2026, 3, 1, tzinfo=UTC)]
    store = open_store(tmp_path / "s", now=lambda: clock[0])
    store.add_case(note("Old."))
    store.set_retention(30)
    clock[0] += timedelta(days=60)
    due = purge.due

    def seen_by_both(connection, today):
        found = due(connection, today)
        monkeypatch.setattr(purge, "due", due)
        beside.start()
        beside.join(1.0)  # it waits where this one writes already
        return found

    proofs = []
    beside = Thread(target=lambda: proofs.extend(store.purge_due()))
    monkeypatch.setattr(purge, "due", seen_by_both)
    open_store(tmp_path / "s", now=lambda: clock[0]).close()
    beside.join()
    assert proofs == [] and store.worklist().total == 0
    store.close()


def test_a_store_with_an_endless_retention_opens(tmp_path):
    store = open_store(tmp_path / "s")
    store.add_case(note("Kept."))
    store.set_retention(1)
    with store._database.writing() as connection:
        connection.execute(sa.update(settings).values(value="1000000000000"))
    store.close()
    store = open_store(tmp_path / "s")
    assert store.worklist().total == 1
    store.close()


def test_a_case_that_goes_while_it_is_read_is_gone_and_nothing_is_damaged(store, monkeypatch):
    case_id = store.add_case(note("Cough."))
    get = store._blobs.get

    def purged_meanwhile(sha256):
        store.purge(case_id)
        return get(sha256)

    monkeypatch.setattr(store._blobs, "get", purged_meanwhile)
    monkeypatch.setattr(store._database, "forget", lambda: False)  # it would wait for the reader
    with pytest.raises(StoreError, match="no such case"):
        store.parts(case_id)


def test_a_file_that_goes_while_a_case_is_added_is_written_again(store, monkeypatch):
    writing = store._database.writing

    def purged_meanwhile():
        store._blobs.remove(store._blobs.put(b"Cough."))
        return writing()

    monkeypatch.setattr(store._database, "writing", purged_meanwhile)
    case_id = store.add_case(note("Cough."))
    assert store.parts(case_id)["notes"].content == b"Cough."


def test_cases_go_when_they_were_kept_long_enough(tmp_path):
    clock = [datetime(2026, 3, 1, tzinfo=UTC)]
    store = open_store(tmp_path / "s", now=lambda: clock[0])
    old = store.add_case(note("Old."))
    clock[0] += timedelta(days=20)
    new = store.add_case(note("New."))
    assert store.purge_due() == []
    store.set_retention(30)
    clock[0] += timedelta(days=11)
    assert [proof.case_id for proof in store.purge_due()] == [old]
    assert store.audit(old)[-1].act == "purge retention" and store.case(new)
    assert store.retention() == 30
    clock[0] += timedelta(days=60)
    last = store.add_case(note("Last."))
    store.close()
    store = open_store(tmp_path / "s", now=lambda: clock[0])
    assert store.unscored() == (last,)  # what is due goes when the store is opened
    store.set_retention(None)
    assert store.purge_due(date(2099, 1, 1)) == []
    with pytest.raises(StoreError, match="at least one day"):
        store.set_retention(0)
    with pytest.raises(StoreError, match="at most 36500 days"):
        store.set_retention(36_501)
    with pytest.raises(StoreError, match="no reason"):
        store.purge(last, why="Mrs Zebra asked")
    store.close()


def test_the_audit_only_grows_and_shows_a_change(store):
    for act in ("one", "two", "three"):
        store.log(act, who="Dr A")
    assert store.verify_audit()
    raw = sqlite3.connect(store.folder / NAME)
    for act in ("UPDATE audit SET who = 'Dr B' WHERE number = 2", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            raw.execute(act)
    raw.execute("DROP TRIGGER audit_no_update")
    raw.execute("UPDATE audit SET who = 'Dr B' WHERE number = 2")
    raw.commit()
    raw.close()
    assert not store.verify_audit()
    assert any("audit was changed" in fault for fault in store.faults())


def test_a_refusal_tells_nothing_of_a_patient(store):
    case_id = store.add_case(note("Zebra."), patient="Zebra-77")
    raw = sqlite3.connect(store.folder / NAME)
    raw.execute("DROP TABLE labels")
    raw.commit()
    raw.close()
    with pytest.raises(StoreError, match="could not do this") as refusal:
        store.set_labels(case_id, {"Zebra": True})
    assert "Zebra" not in f"{refusal.value}{refusal.value.__cause__}"
    assert store.worklist(Wanted(search="zebra")).total == 1
