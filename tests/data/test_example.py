import hashlib

import numpy as np
import pytest
from PIL import Image

from mmbm.data.check.check import check
from mmbm.data.synthesis.example import write_example
from mmbm.storage import assets_folder

EXAMPLE = assets_folder() / "example"
ERRORS = ["missing_file", "patient_in_two_splits", "copy_across_splits"]
WARNINGS = [
    "copies_disagree", "note_names_label", "label_follows_source", "label_follows_view",
    "label_follows_parts", "film_small", "film_inverted",
]  # fmt: skip


def test_the_example_has_the_faults_that_it_was_made_with():
    report = check(EXAMPLE / "manifest.csv")
    assert [remark.kind for remark in report.remarks] == ERRORS + WARNINGS
    assert [remark.count for remark in report.remarks] == [1] * len(report.remarks)


def test_it_is_small():
    assert sum(path.stat().st_size for path in EXAMPLE.iterdir()) < 160_000


@pytest.mark.slow
def test_it_is_written_anew_alike(tmp_path):
    path = write_example(tmp_path)
    shipped = EXAMPLE / "manifest.csv"
    assert (
        hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(shipped.read_bytes()).digest()
    )
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {file.name for file in EXAMPLE.iterdir()} - {"README.md"}
    for name in sorted(names):
        if name.endswith(".jpg"):
            made, kept = (np.asarray(Image.open(f / name), float) for f in (tmp_path, EXAMPLE))
            assert np.abs(made - kept).mean() < 2
