"""Notes that are found by their accession number."""

from __future__ import annotations

import pytest

from mmbm.archive.notes import NotesByAccession
from mmbm.config import Limits
from mmbm.errors import ConfigError, InputError, TooLarge


def test_a_file_is_found_by_its_name_alone(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "A 1.txt").write_text("cough")
    (tmp_path / "secret.txt").write_text("secret")
    notes = NotesByAccession(tmp_path / "notes")
    assert notes.find("A 1") == b"cough"
    for accession in ("", "A2", "../secret", "*", "a 1"):
        assert notes.find(accession) is None
    assert NotesByAccession(None).find("A 1") is None


def test_a_note_over_the_limit_is_not_read(tmp_path):
    (tmp_path / "A1.txt").write_bytes(b"x" * 2000)
    with pytest.raises(TooLarge, match="The file is 0 MB"):
        NotesByAccession(tmp_path, Limits(file_bytes=1999)).find("A1")
    assert NotesByAccession(tmp_path, Limits(file_bytes=2000)).find("A1") == b"x" * 2000


def test_a_table_is_read_by_its_columns(tmp_path):
    table = tmp_path / "notes.csv"
    table.write_text(
        'id,accession,notes\n1,A1,"cough,\nfever"\n2,A2,\n3,A3,x\n4,A3,y\n', "utf-8-sig"
    )
    notes = NotesByAccession(table)
    assert notes.find("A1") == b"cough,\nfever"
    assert notes.find("A2") is None and notes.find("A9") is None
    with pytest.raises(InputError, match="two notes"):
        notes.find("A3")


@pytest.mark.parametrize(
    "content", [b"number,text\n", b"\xff\xfe\x00", b'accession,notes\n"', None]
)
def test_a_table_that_is_none_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "notes.csv").write_bytes(content)
    with pytest.raises(ConfigError, match="accession, notes"):
        NotesByAccession(tmp_path / "notes.csv").find("A1")
