from __future__ import annotations

import csv
import hashlib

import pytest

from mmbm.errors import ConfigError, ManifestError
from mmbm.scale.places import Place
from mmbm.scale.rows import index_of, rows_of

WHOLE = (
    "\ufeffcase_id , notes_text,visit\r\n"
    'a,"Fever,\nand cough. 发热",1\r\n'
    "\r\n"
    'b,"He said ""no"".",2\n'
    "c,Cough.\n"
    "d,,3\n"
    "a,Again.,4\n"
    ",Nameless.,5\n"
    ",Nameless too.,6"
)


def write(folder, text=WHOLE):
    path = folder / "archive.csv"
    path.write_bytes(text.encode("utf-8"))
    return path


@pytest.mark.parametrize("shard_rows", [1, 2, 3, 100])
def test_chunks_hold_every_row_once_wherever_they_begin(tmp_path, shard_rows):
    path = write(tmp_path)
    index = index_of(str(path), shard_rows)
    with path.open(encoding="utf-8-sig", newline="") as file:
        whole = [cells for cells in csv.reader(file) if cells][1:]
    found = [row for chunk in index.chunks for row in rows_of(index, chunk)]
    assert [list(row.cells.values()) for row in found] == [[c.strip() for c in w] for w in whole]
    assert [row.number for row in found] == list(range(7)) and index.rows == 7
    assert [row.line for row in found] == [3, 5, 6, 7, 8, 9, 10]  # where each ends
    assert index.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert index.about == ("visit",) and index.header == ("case_id", "notes_text", "visit")


def test_each_fault_is_said(tmp_path):
    index = index_of(str(write(tmp_path)), 100)
    faults = {row.number: str(row.fault) for row in rows_of(index, index.chunks[0]) if row.fault}
    assert set(faults) == {2, 3, 4, 5, 6}
    assert "has 2 cells; the header has 3" in faults[2]
    assert "a case needs one of them" in faults[3]
    assert "occurs twice" in faults[4]
    assert "blank, but every case needs it" in faults[5] and "blank" in faults[6]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no column 'case_id'"),
        ("name,image\nx,y\n", "has no column 'case_id'"),
        ("case_id,case_id,image\nx,y,z\n", "occurs twice"),
        ("case_id,age\nx,7\n", "no column with parts of cases. It needs one of image, notes"),
        ("case_id,image\n", "is empty"),
        ('case_id,image\na,"b\n', "is not closed"),
    ],
)
def test_a_manifest_that_cannot_be_scored_is_refused(tmp_path, text, said):
    with pytest.raises(ManifestError, match=said):
        index_of(str(write(tmp_path, text)), 10)


def test_a_file_that_is_absent_or_not_utf8_is_refused(tmp_path):
    with pytest.raises(ManifestError, match="does not exist"):
        index_of(str(tmp_path / "absent.csv"), 10)
    (tmp_path / "latin.csv").write_bytes(b"case_id,notes_text\na,caf\xe9\n")
    with pytest.raises(ManifestError, match="could not be read"):
        index_of(str(tmp_path / "latin.csv"), 10)


@pytest.mark.parametrize(
    "now",
    ["case_id,image\na,x\n", "case_id,image\na,x\nb,z\n", "case_id,image\nb,y\na,x\n"],
    ids=["cut", "another file", "another order"],
)
def test_a_manifest_that_is_changed_while_it_is_read_is_refused(tmp_path, now):
    path = write(tmp_path, "case_id,image\na,x\nb,y\n\n")
    index = index_of(str(path), 10)
    assert len(rows_of(index, index.chunks[0])) == 2
    path.write_text(now)
    with pytest.raises(ManifestError, match="was changed while it was read"):
        rows_of(index, index.chunks[0])


def test_other_file_systems_serve_as_well():
    root = Place.of("memory://scored")
    (root / "a.csv").write(b"case_id,image\na,films/x.png\n")
    index = index_of("memory://scored/a.csv", 10)
    (row,) = rows_of(index, index.chunks[0])
    there = Place.of(index.url).beside(row.cells["image"])
    assert there.path == "/scored/films/x.png" and there.name == "x.png"
    assert root.names() == {"a.csv"} and (root / "none").names() == set()
    with pytest.raises(ConfigError, match="no file system for 'nowhere'"):
        Place.of("nowhere://bucket/a.csv")


def test_a_file_is_put_there_whole_or_not_at_all(tmp_path, monkeypatch):
    place = Place.of(str(tmp_path / "a.bin"))
    place.write(b"old")

    def short(self, to):
        raise OSError("no space left on device")

    monkeypatch.setattr(Place, "move", short)
    with pytest.raises(OSError, match="no space"):
        place.write(b"new")
    assert place.read() == b"old" and place.read(2) == b"ol"
