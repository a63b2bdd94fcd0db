import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from mmbm.data.sources import hls_cmds, ieee8023, kermany, nih
from mmbm.data.sources.splits import SHARES, split_of


def film(path: Path, grey: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4), grey).save(path, "PNG")


def tree(folder: Path, rows: list[dict[str, object]]) -> Path:
    for row in rows:
        film(folder / str(row["image_path"]), int(str(row.pop("grey"))))
    blank = dict.fromkeys(("age", "sex", "view", "note"))
    pd.DataFrame([blank | row for row in rows]).to_csv(folder / "metadata.csv", index=False)
    return folder


def test_shares_of_many_patients():
    split = pd.Series([split_of(f"patient-{i}") for i in range(5000)]).value_counts() / 5000
    for name, share in SHARES.items():
        assert split[name] == pytest.approx(share, abs=0.03)


def test_nih_labels_and_patients(tmp_path: Path):
    findings = ("No Finding", "Effusion|Pneumonia", "Pneumonia", "Effusion")
    rows = [
        {"image_path": f"{i}.png", "patient_id": f"p{i // 4}", "finding": findings[i % 4]}
        | {"age": 30 + i, "sex": "M", "view": "PA", "grey": i}
        for i in range(80)
    ]
    read = nih.read(tree(tmp_path, rows))
    assert len(read) == 80
    assert read["pneumonia"].sum() == 40 and read["no_finding"].sum() == 20
    alone = (read["effusion"] == 1) & (read["pneumonia"] != 1).fillna(True)
    assert (read["pneumonia"].isna() == alone).all() and alone.sum() == 20  # neither ill nor well
    assert read["effusion"].sum() == 40 and set(read["edema"]) == {0}
    assert read["viral"].isna().all()
    assert (read.groupby("patient_id")["split"].nunique() == 1).all()
    assert Path(read["image"][0]).is_absolute()


def test_copies_are_dropped_and_their_patients_stay_together(tmp_path: Path):
    rows = []
    for i in range(40):  # patients a<i> and b<i> share one film and have one of their own each
        for name, grey in ((f"a{i}", 3 * i), (f"b{i}", 3 * i), (f"b{i}", 3 * i + 1)):
            rows.append(
                {"image_path": f"{len(rows)}.png", "patient_id": name, "grey": grey}
                | {"finding_derived": "Pneumonia/Viral", "view": "AP"}
            )
    read = kermany.read(tree(tmp_path, rows))
    assert len(read) == 80
    pair = read["patient_id"].str[1:]
    assert (read.groupby(pair)["split"].nunique() == 1).all()


def test_copies_with_different_labels_are_left_out(tmp_path: Path):
    rows: list[dict[str, object]] = [
        {"image_path": "0.png", "patient_id": "a", "finding_derived": "Normal", "grey": 9},
        {"image_path": "1.png", "patient_id": "b", "finding_derived": "Pneumonia/Viral", "grey": 9},
        {"image_path": "2.png", "patient_id": "c", "finding_derived": "Normal", "grey": 1},
    ]
    assert list(kermany.read(tree(tmp_path, rows))["patient_id"]) == ["c"]


def test_viral_against_bacterial_is_blank_where_neither_is_known(tmp_path: Path):
    kinds = ("Normal", "Pneumonia/Viral", "Pneumonia/Bacterial")
    rows = [
        {"image_path": f"{i}.png", "patient_id": f"p{i}", "finding_derived": kind, "grey": i}
        for i, kind in enumerate(kinds)
    ]
    viral = kermany.read(tree(tmp_path / "children", rows))["viral"]
    assert [None if pd.isna(v) else v for v in viral] == [None, 1, 0]
    causes = ("COVID-19, ARDS", "Klebsiella", "Pneumocystis", "No Finding")
    rows = [
        {"image_path": f"{i}.png", "patient_id": f"p{i}", "finding_derived": cause, "grey": i}
        | {"view": "PA"}
        for i, cause in enumerate(causes)
    ]
    viral = ieee8023.read(tree(tmp_path / "reports", rows))["viral"]
    assert [None if pd.isna(v) else v for v in viral] == [1, 0, None, None]


def test_ieee8023_is_all_test_frontal_and_masked(tmp_path: Path):
    kinds = (("COVID-19", "PA"), ("ARDS", "AP Supine"), ("No Finding", "AP"), ("Lipoid", "L"))
    rows = [
        {"image_path": f"{i}.png", "patient_id": f"p{i}", "finding_derived": kind, "view": view}
        | {"note": "Fever. COVID-19 with opacities.", "grey": i, "age": 60.0}
        for i, (kind, view) in enumerate(kinds)
    ]
    read = ieee8023.read(tree(tmp_path, rows))
    assert set(read["split"]) == {"test"}
    assert list(read["view"]) == ["PA", "AP", "AP"]
    assert [None if pd.isna(p) else p for p in read["pneumonia"]] == [1, None, 0]
    assert list(read["no_finding"]) == [0, 0, 1]
    assert set(read["note"]) == {"Fever. […] with […]."}


def clips() -> pd.DataFrame:
    rows = []
    for group in range(24):
        for i, event in enumerate(hls_cmds.EVENTS):
            if group < 4 or group % 6 == i:
                rows.append(
                    {"audio_path": f"{len(rows)}.flac", "kind": "lung", "group_id": f"g{group}"}
                    | {"event_labels": json.dumps({"heart": None, "lung": event}), "sex": "F"}
                    | {"note": "SIMULATED"}
                )
    rows.append({**rows[0], "audio_path": "x.flac", "note": "CONFLICTING labels among copies"})
    heart = {"event_labels": json.dumps({"heart": "S3", "lung": None}), "kind": "heart"}
    rows.append({**rows[0], "audio_path": "y.flac", **heart})
    return pd.DataFrame(rows)


def test_each_sound_event_is_in_each_split_and_groups_stay_whole(tmp_path: Path):
    listed = clips()
    listed.to_csv(tmp_path / "hls_cmds.csv", index=False)
    for name in listed["audio_path"]:
        (tmp_path / name).write_text(name)
    read = hls_cmds.read(tmp_path)
    assert not read["audio"].str.endswith(("x.flac", "y.flac")).any()
    assert (read.groupby("patient_id")["split"].nunique() == 1).all()
    events = [f"sound:{name}" for name in hls_cmds.EVENTS.values()]
    assert (read[events].sum(axis=1) == 1).all()
    assert (read.groupby("split")[events].sum() > 0).all().all()
    assert set(read["split"]) == set(SHARES)
