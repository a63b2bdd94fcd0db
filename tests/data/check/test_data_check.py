"""A whole manifest checked: faults planted one by one, each found and no other."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from mmbm.cli import app
from mmbm.data.check.check import check
from mmbm.data.check.report import ERRORS, WARNINGS, AssociationRow, DataReport, Remark
from mmbm.data.check.show import rich_tables
from mmbm.errors import ManifestError
from mmbm.text import LANGUAGES, into
from tests.made_cases import write_manifest

USUAL = {  # of the made-up cases: 96 pixels, random blobs, 2 seconds, four notes
    "film_small",
    "film_inverted",
    "film_unlike",
    "sound_short",
    "note_across_splits",
    "label_follows_parts",
}


@pytest.fixture
def cases(tmp_path):
    """A good manifest of 32 cases and a way to change its rows."""
    path = write_manifest(tmp_path, 32)

    def change(edit):
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        edit(rows)
        rows.to_csv(path, index=False)
        return path

    return change


def kinds(report):
    return {remark.kind: remark.count for remark in report.remarks}


def unusual(report):
    return {kind: count for kind, count in kinds(report).items() if kind not in USUAL}


def test_a_good_manifest_has_no_errors_and_its_figures_are_right(cases):
    seen = []
    report = check(cases(lambda rows: None), lambda *at: seen.append(at))
    assert report.errors == [] and unusual(report) == {}
    assert report.cases == report.patients == 32 and report.sources == ["north", "south"]
    train = [b for b in report.balance if b.split == "train"]
    counts = [row.labels["pneumonia"] for row in train]
    assert [(c.positive, c.negative, c.unknown) for c in counts] == [(4, 4, 0), (4, 4, 0)]
    parts = {(p.split, p.source): p for p in report.parts}
    assert sum(p.audio for p in parts.values()) == 32 - 6
    assert all(p.image == p.notes == p.cases == p.patients for p in parts.values())
    films = next(q for q in report.quality if (q.source, q.part) == ("north", "image"))
    assert films.files == 16 and films.unreadable == 0 and films.faults == {"film_small": 16}
    assert films.figures["shorter_side"].median == 96
    assert ("films", 32, 32) in seen and ("recordings", 26, 26) in seen


def copy_film(first, second):
    def edit(rows):
        folder = rows.attrs["folder"]
        shutil.copy(folder / f"film{first}.png", folder / f"film{second}.png")

    return edit


def planted(fault, tmp_path):
    """What each fault does to rows and files: case 0 is train, 12 test, 1 train and ill."""

    def edit(rows):
        rows.attrs["folder"] = tmp_path
        match fault:
            case "invalid_row":
                rows.loc[0, "pneumonia"] = "maybe"
                rows.loc[1, "split"] = "somewhere"
                rows.loc[2, "case_id"] = "case3"
            case "missing_file":
                (tmp_path / "film0.png").unlink()
            case "unreadable":
                (tmp_path / "film0.png").write_bytes(b"\x89PNG\r\n\x1a\n, and then nothing")
            case "patient_in_two_splits":
                rows.loc[12, "patient_id"] = "patient0"
            case "copy_across_splits":
                copy_film(0, 12)(rows)
            case "copy_within_split":
                copy_film(0, 2)(rows)
            case "copies_disagree":
                copy_film(0, 1)(rows)
            case "near_copy_across_splits":
                film = Image.open(tmp_path / "film0.png").resize((80, 80))
                film.point(lambda grey: 20 + 0.8 * grey).save(tmp_path / "film12.png")
            case "note_names_label":
                rows.loc[0, "notes_text"] = "Fever. Likely pneumonia."
                rows.loc[1, "notes_text"] = "No finding on the film."
            case "label_follows_view":
                rows["view"] = rows["pneumonia"].map({"1": "AP", "0": "PA"})
            case "label_follows_source":
                rows["source"] = rows["pneumonia"].map({"1": "north", "0": "south"})
            case "one_sided_split":
                rows.loc[rows["split"] == "test", "no_finding"] = "0"

    return edit


@pytest.mark.parametrize(
    ("fault", "also"),
    [
        ("invalid_row", {"invalid_row": 3}),
        ("missing_file", {}),
        ("unreadable", {}),
        ("patient_in_two_splits", {}),
        ("copy_across_splits", {}),
        ("copy_within_split", {}),
        ("copies_disagree", {"copies_disagree": 1, "copy_within_split": 1}),
        ("near_copy_across_splits", {}),
        ("note_names_label", {"note_names_label": 2}),
        ("label_follows_view", {"label_follows_view": 4}),
        ("label_follows_source", {"label_follows_source": 4}),
        ("one_sided_split", {}),
    ],
)
def test_a_planted_fault_is_found_and_no_other(cases, tmp_path, fault, also):
    report = check(cases(planted(fault, tmp_path)))
    assert unusual(report) == (also or {fault: 1})
    assert bool(report.errors) == (fault in ERRORS)


def test_a_recording_that_two_splits_share_is_an_error(cases):
    def edit(rows):
        rows.loc[12, "audio"] = rows.loc[0, "audio"]

    report = check(cases(edit))
    assert [r.examples for r in report.errors] == [["sound0.wav"]]
    assert report.errors[0].kind == "copy_across_splits"


def test_a_source_with_one_side_of_a_label_is_named(cases):
    def edit(rows):
        rows["source"] = ["reports"] * 24 + ["hospital"] * 8
        rows["pneumonia"] = ["1"] * 24 + ["0", "1"] * 4

    remarks = {remark.kind: remark for remark in check(cases(edit)).remarks}
    assert remarks["one_sided_source"].examples == ["pneumonia in reports"]
    assert any(e.startswith("pneumonia: V 0.6") for e in remarks["label_follows_source"].examples)


def test_the_command_prints_tables_and_fails_only_on_errors(cases, tmp_path):
    path = cases(lambda rows: None)
    done = CliRunner().invoke(app, ["data", "check", str(path)])
    assert done.exit_code == 0, done.output
    assert "Usable. Kinds of warning: " in done.stdout and "Cramér's V" in done.stdout
    cases(planted("patient_in_two_splits", tmp_path))
    done = CliRunner().invoke(app, ["data", "check", str(path), "--json"])
    assert done.exit_code == 1
    report = DataReport.model_validate(json.loads(done.stdout))
    assert report.verdict.startswith("Not usable. Kinds of error: 1;")
    assert report.errors[0].examples == ["patient0"]


def test_a_manifest_that_is_no_table_is_refused(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text("case_id,patient_id\na,b\n")
    with pytest.raises(ManifestError, match="has no column 'source'"):
        check(path)
    assert CliRunner().invoke(app, ["data", "check", str(path)]).exit_code == 2


def test_every_kind_of_remark_has_its_own_sentence_with_a_number():
    assert not set(ERRORS) & set(WARNINGS)
    remarks = [Remark(kind=kind, count=1234, examples=[]) for kind in (*ERRORS, *WARNINGS)]
    for language in LANGUAGES:
        said = {remark.said.into(language) for remark in remarks}
        assert len(said) == len(remarks) and all("1,234" in one for one in said)


def test_tables_show_markup_in_names_as_it_stands(cases):
    def edit(rows):
        rows["source"] = rows["source"].replace("north", "[red]north")

    tables = list(rich_tables(check(cases(edit))))
    assert len(tables) == 5
    assert "\\[red]north" in list(tables[2].columns[1].cells)


@pytest.mark.slow
@pytest.mark.real
def test_the_public_sources_are_fit_and_a_copy_slipped_in_is_found(real_data, tmp_path):
    out = tmp_path / "manifest.csv"
    made = CliRunner().invoke(
        app, ["data", "prepare", "assembled", str(real_data), "--out", str(out), "--limit", "240"]
    )
    assert made.exit_code == 0, made.output
    report = check(out)
    assert report.errors == []
    assert not {"near_copy_across_splits", "copies_disagree"} & set(kinds(report))
    rows = pd.read_csv(out, dtype=str, keep_default_na=False)
    adults = rows[(rows["source"] == "nih")].groupby("split").head(1).set_index("split")
    film = Image.open(out.parent / adults.at["train", "image"]).convert("L")
    small = film.resize((300, 300)).point(lambda grey: 0.9 * grey)
    small.save(tmp_path / "again.jpg", quality=70)
    at = rows.index[rows["case_id"] == adults.at["test", "case_id"]][0]
    rows.loc[at, "image"] = "again.jpg"
    rows.to_csv(out, index=False)
    near = [r for r in check(out).remarks if r.kind == "near_copy_across_splits"]
    assert near[0].count == 1 and "again.jpg" in near[0].examples[0]


def test_examples_go_into_the_readers_language(cases):
    def edit(rows):
        rows["source"] = ["reports"] * 24 + ["hospital"] * 8
        rows["pneumonia"] = ["1"] * 24 + ["0", "1"] * 4
        rows.loc[3, "image"] = "gone.jpg"

    report = DataReport.model_validate(check(cases(edit)))
    said = {remark.kind: into("zh", remark.examples[0]) for remark in report.remarks}
    assert said["one_sided_source"] == "pneumonia（reports）"
    assert said["label_follows_source"].startswith("pneumonia：V 0.6")
    assert any("文件不存在" in one for one in said.values()), said
    assert json.loads(report.model_dump_json())["remarks"][0]["examples"]
    groups = AssociationRow(
        label="x", against="image", within="", cramers_v=0, theils_u=0, groups={"yes": (1, 2)}
    )
    assert [(into("zh", name), n, p) for name, n, p in groups.named] == [("是", 1, 2)]
