from __future__ import annotations

import numpy as np
import pytest

from mmbm.data.manifest import read_manifest
from mmbm.errors import ManifestError

HEADER = "case_id,patient_id,source,split,image,notes,audio,notes_text,pneumonia"


@pytest.fixture
def write(tmp_path):
    (tmp_path / "film.png").write_bytes(b"x")

    def write(*lines, header=HEADER):
        path = tmp_path / "cases.csv"
        path.write_text("\n".join([header, *lines]), encoding="utf-8")
        return path

    return write


def test_labels_are_one_zero_or_unknown(write):
    manifest = read_manifest(
        write("a,p1,here,train,film.png,,,,1", "b,p2,here,val,,,,no fever,0", "c,p3,x,test,,,,hi,")
    )
    assert manifest.findings == ("pneumonia",)
    labels = manifest.labels(["pneumonia", "never_heard_of"])
    np.testing.assert_array_equal(labels, [[1, np.nan], [0, np.nan], [np.nan, np.nan]])
    assert manifest.path(0, "image").name == "film.png" and manifest.path(1, "image") is None


def test_a_train_row_may_hold_a_probability_and_no_other_row(write):
    manifest = read_manifest(write("a,p1,here,train,film.png,,,,0.83"))
    assert manifest.labels(["pneumonia"])[0, 0] == np.float32(0.83)
    for split in ("val", "test"):
        with pytest.raises(ManifestError, match="column 'pneumonia': not 1, 0 or blank"):
            read_manifest(write(f"a,p1,here,{split},film.png,,,,0.83"))


def test_a_note_may_run_over_lines_and_the_line_is_still_right(write):
    path = write('a,p1,here,train,,,,"two\nlines",1', "b,p2,here,nowhere,,,,x,1")
    with pytest.raises(ManifestError, match=r"Line 4 of 'cases.csv', column 'split'"):
        read_manifest(path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a,p1,here,exam,film.png,,,,1", "column 'split': not one of train, val, test"),
        ("a,,here,train,film.png,,,,1", "column 'patient_id': blank"),
        ("a,p1,here,train,film.png,,,,yes", "column 'pneumonia': not 1, 0 or blank"),
        ("a,p1,here,train,film.png,,,,1.2", "column 'pneumonia': not 1, 0 or blank"),
        ("a,p1,here,train,film.png,,,,nan", "column 'pneumonia': not 1, 0 or blank"),
        ("a,p1,here,train,gone.png,,,,1", "column 'image': no such file"),
        ("a,p1,here,train,,,,,1", "column 'image': blank, as are notes and audio"),
        ("a,p1,here,train,,film.png,,text,1", "column 'notes_text': both notes and notes_text"),
        ("a,p1,here,train,film.png,,,1", "has 8 cells; the header has 9"),
    ],
)
def test_an_invalid_row_is_named(write, line, said):
    with pytest.raises(ManifestError, match="Line 2") as refused:
        read_manifest(write(line))
    assert said in str(refused.value)


def test_a_patient_stays_in_one_split(write):
    with pytest.raises(ManifestError, match=r"Line 3.*another split"):
        read_manifest(write("a,p1,x,train,film.png,,,,1", "b,p1,x,test,film.png,,,,1"))


def test_a_case_stands_once(write):
    with pytest.raises(ManifestError, match=r"Line 3.*'case_id': occurs twice"):
        read_manifest(write("a,p1,x,train,film.png,,,,1", "a,p1,x,train,film.png,,,,1"))


def test_missing_columns_and_files_are_named(write, tmp_path):
    with pytest.raises(ManifestError, match="no column 'split'"):
        read_manifest(write("a,p,s", header="case_id,patient_id,source"))
    with pytest.raises(ManifestError, match="does not exist"):
        read_manifest(tmp_path / "none.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ManifestError, match="is empty"):
        read_manifest(tmp_path / "empty.csv")


def test_the_columns_of_a_cohort_are_no_findings(write):
    head = "case_id,patient_id,source,split,notes_text,arm,visit,time,event,pneumonia"
    held = read_manifest(write("a,p,s,test,cough,drug,week 4,12.5,1,1", header=head))
    assert held.findings == ("pneumonia",)
    other = head.replace("arm", "hospital")
    with pytest.raises(ManifestError, match=r"'hospital': not 1, 0 or blank\. Every column that"):
        read_manifest(write("a,p,s,test,cough,drug,week 4,12.5,1,1", header=other))
