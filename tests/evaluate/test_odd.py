from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mmbm.errors import ManifestError
from mmbm.evaluate.odd import read_odd


def listing(folder, text):
    Image.fromarray(np.arange(6400, dtype=np.uint8).reshape(80, 80)).save(folder / "grey.png")
    (folder / "note.txt").write_text("Der Patient hat Fieber.", encoding="utf-8")
    path = folder / "odd.csv"
    path.write_text("kind,modality,path\n" + text, encoding="utf-8")
    return path


def test_reads_a_case_of_one_part_for_each_file(tmp_path):
    listed = read_odd(listing(tmp_path, "grey,image,grey.png\nGerman,notes,note.txt\n"))
    assert [(o.kind, o.modality) for o in listed] == [("grey", "image"), ("German", "notes")]
    film, note = (o.read() for o in listed)
    assert film.present == ("image",) and note.present == ("notes",)
    assert note.notes is not None and note.notes.text == "Der Patient hat Fieber."


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("grey,image,", "Line 2 of 'odd.csv' needs kind, modality, path."),
        ("dark,video,grey.png", "Line 2 of 'odd.csv', column 'modality': not one of image, notes"),
        ("grey,image,gone.png", "Line 2 of 'odd.csv', column 'path': no such file"),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path, row, message):
    with pytest.raises(ManifestError, match=message.replace(".", r"\.")):
        read_odd(listing(tmp_path, row))


def test_a_missing_listing_is_refused(tmp_path):
    with pytest.raises(ManifestError, match=r"'gone\.csv' could not be read"):
        read_odd(tmp_path / "gone.csv")


def test_an_unreadable_file_is_named_when_it_is_read(tmp_path):
    (entry,) = read_odd(listing(tmp_path, "text,image,note.txt\n"))
    with pytest.raises(ManifestError, match=r"note\.txt: "):
        entry.read()
