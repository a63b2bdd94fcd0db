from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmbm.data.sources import prepare as module
from mmbm.data.sources.assemble import COLUMNS, assemble, draw_cases
from mmbm.data.sources.hls_cmds import EVENTS
from mmbm.data.sources.prepare import prepare, thin, write_manifest
from mmbm.data.sources.rows import recipe_rows
from mmbm.data.synthesis.signs import read_evidence
from mmbm.errors import ManifestError


def films(count: int, source: str = "nih") -> pd.DataFrame:
    rows = recipe_rows(
        source,
        {
            "patient_id": [f"p{i // 2}" for i in range(count)],
            "image": [f"/data/{source}/{i}.jpg" for i in range(count)],
            "age": [40 + i % 30 for i in range(count)],
            "sex": "F",
            "view": "PA",
            "note": "its own words" if source == "ieee8023" else "",
            "pneumonia": [i % 2 for i in range(count)],
            "no_finding": [1 - i % 2 for i in range(count)],
            "effusion": [i % 3 // 2 for i in range(count)],
        },
    )
    return rows.assign(split=["train" if i % 4 < 2 else "test" for i in range(count)])


def clips() -> pd.DataFrame:
    rows = []
    for split in ("train", "test"):
        for event in EVENTS.values():
            labels = {f"sound:{e}": int(e == event) for e in EVENTS.values()}
            rows.append(
                {"patient_id": f"{split}-{event}", "sex": "M", **labels}
                | {"audio": f"/data/audio/{split}-{event}.flac"}
            )
    table = recipe_rows("hls_cmds", pd.DataFrame(rows))
    return table.assign(split=table["patient_id"].str.split("-").str[0])


def test_columns_and_which_parts_were_drawn():
    images = pd.concat([films(8), films(4, "ieee8023")], ignore_index=True)
    rows = assemble(images, clips(), seed=0)
    assert list(rows.columns) == COLUMNS
    assert rows["case_id"].is_unique
    assert list(rows["effusion"][:3]) == [0, 0, 1] and set(rows["viral"]) == {""}
    by_source = rows.groupby("source")
    assert set(by_source.get_group("nih")["assembled"]) == {"notes+audio"}
    real = by_source.get_group("ieee8023")
    assert set(real["assembled"]) == {""} and set(real["audio"]) == {""}
    assert set(real["notes_text"]) == {"its own words"}
    alone = by_source.get_group("hls_cmds")
    assert len(alone) == 12 and set(alone["pneumonia"]) == {""} and set(alone["image"]) == {""}


@pytest.mark.slow
def test_recordings_come_from_the_same_split_at_the_published_rate():
    rows = assemble(films(4000), clips(), seed=1)
    drawn = rows[rows["assembled"] == "notes+audio"]
    assert all(
        Path(a).name.startswith(s) for a, s in zip(drawn["audio"], drawn["split"], strict=True)
    )
    crackles = (drawn["sound:fine_crackles"] == 1) | (drawn["sound:coarse_crackles"] == 1)
    for label in (0, 1):
        rate = read_evidence()["adult"]["crackles"].rate(bool(label))
        assert np.mean(crackles[drawn["pneumonia"] == label]) == pytest.approx(rate, abs=0.04)
    others = drawn[~crackles]
    for label in (0, 1):  # wheeze says nothing of the finding
        share = np.mean(others["sound:wheezing"][others["pneumonia"] == label] == 1)
        assert share == pytest.approx(0.12, abs=0.04)


@pytest.mark.slow
def test_a_recording_drawn_for_another_sound_holds_no_crackles():
    """A patient's recording may hold several sounds; a drawn one stands for what was drawn."""
    both = clips().query("split == 'train'").assign(**{"sound:wheezing": 1, "sound:normal": 0})
    both = both.assign(
        audio=both["audio"] + "-and-wheezes", patient_id="child", name=both["name"] + "-2"
    )
    sounds = pd.concat([clips(), both], ignore_index=True)
    crackling = ["sound:fine_crackles", "sound:coarse_crackles"]
    drawn = assemble(films(2000, "siim"), sounds, seed=4)
    drawn = drawn[(drawn["assembled"] == "notes+audio") & (drawn["split"] == "train")]
    told = drawn[crackling].eq(1).any(axis=1)
    rates = [read_evidence()["adult"]["crackles"].rate(finding) for finding in (True, False)]
    assert told.mean() == pytest.approx(np.mean(rates), abs=0.04)
    assert drawn.loc[told, "audio"].str.contains("wheezes").any()


def test_half_the_notes_are_chinese():
    drawn = assemble(films(400), clips(), seed=2).query("assembled == 'notes+audio'")
    chinese = drawn["notes_text"].str.contains(r"[一-鿿]")
    assert chinese.mean() == pytest.approx(0.5, abs=0.1)


def test_a_films_drawn_note_states_neither_age_nor_sex():
    notes = assemble(films(200).assign(age=199), clips(), seed=2)["notes_text"]
    written = notes[notes != ""]
    assert len(written) == 200
    stated = written.str.contains(r"199|female|woman|lady|女", case=False)
    assert not stated.any()


def test_the_same_seed_gives_the_same_rows():
    first, again = (assemble(films(40), clips(), seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(assemble(films(40), clips(), seed=4))


def test_without_recordings_only_the_note_is_drawn():
    rows = assemble(films(4), pd.DataFrame(), seed=0)
    assert set(rows["assembled"]) == {"notes"} and set(rows["audio"]) == {""}


def test_manifest_paths_are_relative_to_the_csv(tmp_path: Path):
    images = films(4).assign(image=[str(tmp_path / "films" / f"{i}.jpg") for i in range(4)])
    out = tmp_path / "runs" / "chest" / "manifest.csv"
    write_manifest(assemble(images, pd.DataFrame(), seed=0), out)
    read = pd.read_csv(out, dtype=str, keep_default_na=False)
    assert list(read["image"]) == [f"../../films/{i}.jpg" for i in range(4)]
    assert set(read["pneumonia"]) == {"0", "1"}


def test_an_empty_folder_is_refused(tmp_path: Path):
    with pytest.raises(ManifestError, match="No known source in"):
        prepare(tmp_path, tmp_path / "manifest.csv")


def test_drawn_cases_need_no_film(tmp_path: Path):
    rows = draw_cases(400, pd.DataFrame(), seed=3)
    assert list(rows.columns) == COLUMNS
    assert (rows["image"] == "").all() and (rows["notes_text"] != "").all()
    assert (rows["pneumonia"].astype(float) + rows["no_finding"].astype(float) == 1).all()
    assert set(rows.loc[rows["split"] == "val", "pneumonia"]) == {0, 1}
    assert (rows["split"] == "val").sum() == 20
    assert rows["patient_id"].is_unique
    assert rows.equals(draw_cases(400, pd.DataFrame(), seed=3))


@pytest.mark.slow
def test_a_drawn_train_row_holds_the_probability_that_its_parts_tell():
    rows = draw_cases(6000, clips(), seed=5)
    p = rows.loc[rows["split"] == "train", "pneumonia"].to_numpy(float)
    assert p.mean() == pytest.approx(0.5, abs=0.015)  # half are drawn with it
    assert 0.0 < p.min() < 0.1 and 0.9 < p.max() < 1.0
    held = rows[rows["split"] == "val"]
    assert held["pneumonia"].mean() == pytest.approx(0.5, abs=0.1)


def test_thinning_is_even_over_source_and_label():
    rows = pd.DataFrame({"source": ["a"] * 90 + ["b"] * 10, "pneumonia": ["1", "0"] * 50})
    kept = thin(rows, 20, seed=3)
    assert kept.value_counts().to_dict() == {(s, p): 5 for s in "ab" for p in "01"}
    assert thin(rows, 20, seed=3).equals(kept) and len(thin(rows, 500, seed=3)) == 100


def test_train_rows_alone_can_be_thinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "CASE_FOLDERS", {"siim": "films"})
    monkeypatch.setattr(module, "SOURCES", {"siim": lambda _: films(400, "siim")})
    (tmp_path / "films").mkdir()
    rows = prepare(tmp_path, tmp_path / "manifest.csv", train=40)
    assert rows["split"].value_counts().to_dict() == {"test": 200, "train": 40}
    assert set(rows.loc[rows["split"] == "train", "pneumonia"].value_counts()) == {20}
    assert set(rows["source"]) == {"siim"} and (rows["notes_text"] != "").all()
