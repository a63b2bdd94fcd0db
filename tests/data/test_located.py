"""Boxes and events of a manifest: read, refused, and laid over a film or a recording."""

from __future__ import annotations

import pytest

from mmbm.data.located import Box, Event, box_mask, event_mask, read_boxes, read_events, written
from mmbm.data.manifest import read_manifest, scan_manifest
from mmbm.errors import ManifestError

HEADER = "case_id,patient_id,source,split,image,audio,notes_text,boxes,events,pneumonia"


@pytest.fixture
def manifest(tmp_path):
    (tmp_path / "film.png").write_bytes(b"x")
    (tmp_path / "sound.flac").write_bytes(b"x")

    def write(boxes="", events="", image="film.png", audio="sound.flac"):
        path = tmp_path / "cases.csv"
        row = f"a,p,here,train,{image},{audio},a note,{boxes},{events},1"
        path.write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
        return path

    return write


def test_a_manifest_holds_boxes_and_events(manifest):
    read = read_manifest(manifest("0.1 0.2 0.3 0.4|0 0 1 1", "0.5 1.25 wheezing"))
    assert read.boxes(0) == (Box(0.1, 0.2, 0.3, 0.4), Box(0, 0, 1, 1))
    assert read.events(0) == (Event(0.5, 1.25, "wheezing"),)
    assert read.findings == ("pneumonia",)  # neither column is a finding
    assert read_manifest(manifest()).boxes(0) == () == read_manifest(manifest()).events(0)


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("boxes", "0.1 0.2 0.3", "four numbers"),
        ("boxes", "0.1 0.2 0.3 0.4|", "four numbers"),
        ("boxes", "0.1 0.2 0.3 x", "'x' is not a number"),
        ("boxes", "0.1 0.2 0.3 nan", "'nan' is not a number"),
        ("boxes", "0.1 0.2 0.3 1e999", "between 0 and 1"),
        ("boxes", "0.4 0.2 0.3 0.4", "between 0 and 1"),
        ("boxes", "10 20 30 40", "between 0 and 1"),
        ("events", "1.0 2.0", "two times in seconds and a name"),
        ("events", "1.0 2.0 Fine Crackle", "two times in seconds and a name"),
        ("events", "1.0 2.0 Wheeze", "two times in seconds and a name"),
        ("events", "2.0 1.0 wheezing", "before it ends"),
        ("events", "-1 1.0 wheezing", "'-1' is not a number"),
    ],
)
def test_a_wrong_cell_is_named(manifest, column, cell, said):
    path = manifest(**{column: cell})
    with pytest.raises(ManifestError, match=f"Line 2 of 'cases.csv', column '{column}'") as refused:
        read_manifest(path)
    assert said in str(refused.value)
    scanned, faults = scan_manifest(path)
    assert [(f.column, f.kind) for f in faults] == [(column, "label")]
    assert scanned.boxes(0) == () == scanned.events(0)  # what is wrong is blank in a check


def test_marks_need_the_part_they_lie_in(manifest):
    with pytest.raises(ManifestError, match="'boxes': given, but the case has no Chest X-ray"):
        read_manifest(manifest(boxes="0 0 1 1", image=""))
    with pytest.raises(ManifestError, match="'events': given, but the case has no Lung sound"):
        read_manifest(manifest(events="0 1 wheezing", audio=""))


def test_what_is_written_reads_back():
    boxes = (Box(0.0, 0.12345, 0.5, 1.0), Box(0.25, 0.0, 0.3, 0.1))
    assert written(boxes) == "0 0.1235 0.5 1|0.25 0 0.3 0.1"
    events = (Event(0.0, 1.5, "fine_crackles"), Event(10.0, 20.0, "normal"))
    assert read_events(written(events)) == events
    assert written(()) == "" and read_boxes(" ") == ()


def test_boxes_cover_the_part_of_each_cell_that_they_cover():
    mask = box_mask([Box(0.25, 0.5, 0.75, 1.0)], 2, 2)
    assert mask.tolist() == [[0, 0], [0.5, 0.5]]
    assert box_mask([Box(0.6, 0.6, 0.7, 0.7)], 2, 2).sum() == pytest.approx(0.04)
    both = box_mask([Box(0, 0, 0.5, 1), Box(0, 0, 0.5, 0.5)], 2, 2)
    assert both.tolist() == [[1, 0], [1, 0]]  # boxes that overlap count once
    assert not box_mask([], 3, 3).any()


def test_events_sound_while_they_last():
    events = [Event(0.0, 0.5, "wheezing"), Event(1.0, 1.25, "crackles"), Event(9, 99, "wheezing")]
    assert event_mask(events, ("wheezing",), 8, 4).tolist() == [1, 1, 0, 0, 0, 0, 0, 0]
    assert event_mask(events, ("crackles", "rhonchi"), 8, 4).tolist() == [0, 0, 0, 0, 1, 0, 0, 0]
