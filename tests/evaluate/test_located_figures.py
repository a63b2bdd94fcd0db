from __future__ import annotations

import csv

import numpy as np
import pytest

from mmbm.branches.image.lungs import SIDE, Lungs
from mmbm.branches.parts import ArrayEvidence
from mmbm.card.located import against_normal_table, located_sentences, located_table
from mmbm.data.manifest import mined_sources, read_manifest
from mmbm.evaluate import located as room
from mmbm.evaluate.located import located, top_of
from mmbm.explain.maps import EvidenceMaps
from mmbm.predict import Predictor
from mmbm.record import Identity, LeftOut, Record
from mmbm.record.figures import Figures, Located
from tests.made_cases import write_manifest


def marked_cases(folder, columns):
    """The made-up cases with marks: ``columns`` gives a cell for each row's number."""
    path = write_manifest(folder)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for i, row in enumerate(rows):
        row |= {name: cell(i) if row[part] else "" for name, part, cell in columns}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return read_manifest(path)


def few(manifest, count):
    """Its first cases."""
    return manifest.take(np.arange(len(manifest.rows)) < count)


def test_the_top_is_the_middle_of_the_strongest_place():
    shares = np.zeros((8, 4))
    shares[2:4, 1:3] = 1.0  # one coarse cell drawn over four
    assert top_of(shares) == (0.375, 0.5)
    assert top_of(-shares + np.eye(8, 4) * 5) != top_of(shares)


def test_a_map_counts_where_its_top_lies_in_a_box(tiny_model_dir, tmp_path, monkeypatch):
    quarter = np.zeros((64, 64))
    quarter[40:44, 40:44] = 1.0  # at 0.66 0.66

    def maps(predictor, prediction):
        shown = {"image": ArrayEvidence(quarter)}
        return tuple(EvidenceMaps(f, shown) for f in predictor.config.findings)

    monkeypatch.setattr(room, "finer_maps", maps)
    none = Lungs(np.zeros((SIDE, SIDE), dtype=bool))
    monkeypatch.setattr("mmbm.branches.image.prepare.find_lungs", lambda *_: none)
    inside, outside = "0.5 0.5 1 1", "0 0 0.5 0.5"
    manifest = few(
        marked_cases(
            tmp_path, [("boxes", "image", lambda i: "" if i == 3 else (inside, outside)[i > 0])]
        ),
        4,
    )
    predictor = Predictor.load(tiny_model_dir, "cpu", threads=1)
    found = located(predictor, manifest, lambda *_: None)
    assert set(found) == {"boxes"} and set(found["boxes"]) == {"pneumonia"}
    by = found["boxes"]["pneumonia"]
    assert {s: f.n for s, f in by.items()} == {"north": 2, "south": 1}
    assert by["north"].top == 0.5 and by["south"].top == 0.0
    assert by["north"].chance == by["south"].chance == 0.25
    assert by["north"].patients == 2 and by["north"].top_ci == (0.0, 1.0)
    assert by["south"].auprc < by["north"].auprc < 1.0


def test_an_event_counts_where_it_is_heard_most_while_it_sounds(tiny_model_dir, tmp_path):
    always, never = "0 60 fine_crackles", "50 60 fine_crackles|50 60 gout"
    manifest = few(
        marked_cases(tmp_path, [("events", "audio", lambda i: (always, never)[i % 2])]), 4
    )
    predictor = Predictor.load(tiny_model_dir, "cpu", threads=1)
    found = located(predictor, manifest, lambda *_: None)
    assert set(found) == {"moments"} and set(found["moments"]) == {"fine_crackles"}
    by = found["moments"]["fine_crackles"]
    assert {s: (f.n, f.top, f.chance) for s, f in by.items()} == {
        "north": (2, 0.5, 0.5),
        "south": (2, 0.5, 0.5),
    }


def test_a_file_counts_once_however_many_cases_share_it(tmp_path):
    manifest = few(marked_cases(tmp_path, [("boxes", "image", lambda i: "0 0 1 1")]), 6)
    manifest.rows.loc[1:, "image"] = manifest.rows.at[0, "image"]
    manifest.rows.loc[0, "assembled"] = "audio"
    assert room._chosen(manifest, "image", "boxes") == [1]  # its owner's, who borrowed nothing


def test_marks_of_a_part_that_the_model_does_not_read_are_not_looked_at(tmp_path):
    manifest = few(marked_cases(tmp_path, [("boxes", "image", lambda i: "0 0 1 1")]), 4)
    manifest.rows["image"] = ""  # as a corpus of a model without films has it
    assert room._chosen(manifest, "image", "boxes") == []


@pytest.mark.parametrize(("boxes", "mined"), [("", ("nih", "openi")), ("0 0 1 1", ("openi",))])
def test_labels_are_mined_where_no_reading_came_with_them(tmp_path, boxes, mined):
    manifest = few(marked_cases(tmp_path, [("boxes", "image", lambda i: boxes)]), 4)
    manifest.rows["source"] = ["nih", "nih", "openi", "siim"]
    assert mined_sources(manifest) == mined


def test_the_card_says_it_in_words_and_by_source():
    seen = Located(
        n=120, patients=110, top=0.85, top_ci=(0.78, 0.91), chance=0.2, auprc=0.5, in_lungs=0.93
    )
    normal = Figures(n=183, patients=180, positives=120, auroc=0.97, auroc_ci=(0.94, 0.99))
    record = Record(
        model=Identity(name="m", version="1", sha256="0"),
        mmbm_version="1",
        manifest_sha256="0",
        boxes={"pneumonia": {"siim": seen}},
        moments={"wheezing": {"sprsound": seen.model_copy(update={"in_lungs": None})}},
        leave_one_source_out={
            "nih": LeftOut(
                sha256="1",
                by_finding={},
                as_given={},
                boxes={"pneumonia": seen},
                against_normal={"AP": {"pneumonia": normal}},
            )
        },
    )
    words = located_sentences(record, str).splitlines()
    said = "the maximum of the map of Pneumonia lies in a radiologist's box in 0.85 of 120"
    assert words == [
        f"- siim: {said} chest X-rays; by chance 0.20.",
        f"- nih, trained without it: {said} chest X-rays; by chance 0.20.",
    ]
    table = located_table(record, str)
    assert "| sprsound | Wheezing | 110 | 120 | 0.85 (0.78 to 0.91) | 0.20 | 0.500 |" in table
    against = against_normal_table(record, str)
    assert "| nih, trained without it, AP | Pneumonia | 180 | 183 | 120 | 0.970" in against
