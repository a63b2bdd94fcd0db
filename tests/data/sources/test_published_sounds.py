"""The recipes of sounds on small trees laid out as the originals are published."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from mmbm.cli import app
from mmbm.data.sources import hls_cmds, icbhi, kauh, sprsound
from mmbm.data.sources.layout import SourceWarning
from mmbm.errors import ManifestError


def sound(path: Path, content: str | None = None) -> None:
    """Bytes that stand for a recording; the recipes do not decode it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content or path.name)


def labels(rows: pd.DataFrame, column: str) -> list[int | None]:
    return [None if pd.isna(value) else int(value) for value in rows[column]]


def whole(rows: pd.DataFrame) -> pd.DataFrame:
    assert rows["split"].isin(("train", "val", "test")).all()
    assert (rows.groupby("patient_id")["split"].nunique() == 1).all()
    assert rows["name"].is_unique
    return rows.set_index("name")


def test_hls_cmds_as_published(tmp_path):
    lungs = ["Gender,Lung Sound Type,Location,Lung Sound ID"]
    mixes = ["Gender,Heart Sound Type,Lung Sound Type,Location,Heart Sound ID,Lung Sound ID,"]
    mixes[0] += "Mixed Sound ID"
    for number, event in enumerate([*hls_cmds.EVENTS] * 4):
        lungs.append(f"F,{event},RUA,F_X_{number}")
        sound(tmp_path / "LS" / "LS" / f"F_X_{number}.wav")
    lungs.append("M,Fine Crackles,LUA,M_C_LUA")
    sound(tmp_path / "LS" / "LS" / "M_FC_LUA.wav")
    for number in range(1, 7):
        mixes.append(f"F,Normal,Wheezing,RUA,H{number:04d},L{number:04d},M{number:04d}")
        sound(tmp_path / "Mix" / "Mix" / f"H{number:04d}.wav")
        sound(tmp_path / "Mix" / "Mix" / f"M{number:04d}.wav")
        copied = number in (1, 2)  # two mixes of one lung sound, itself in LS
        sound(tmp_path / "Mix" / "Mix" / f"L{number:04d}.wav", "F_X_1.wav" if copied else None)
    (tmp_path / "LS.csv").write_text("\n".join(lungs))
    (tmp_path / "Mix.csv").write_text("\n".join(mixes))
    rows = whole(hls_cmds.read(tmp_path))
    assert len(rows) == 25 + 6 + 4  # lungs, mixes, and the lung parts that are no copies
    assert not rows.index.str.startswith("H").any()
    shared = rows.loc[["F_X_1", "M0001", "M0002"]]
    assert shared["patient_id"].nunique() == 1 and shared["split"].nunique() == 1
    assert labels(rows.loc[["M_FC_LUA", "M0003"]], "sound:crackles") == [1, 0]
    assert labels(rows.loc[["M_FC_LUA", "M0003"]], "sound:wheezing") == [0, 1]


def icbhi_tree(folder: Path) -> Path:
    audio = folder / "ICBHI_final_database"
    split, diagnosis, people = [], [], []
    kinds = ("Healthy", "Pneumonia", "COPD", "LRTI")
    cycles = ("0.0\t1.0\t0\t0\n1.0\t2.0\t0\t0", "0.0\t1.0\t1\t0\n1.0\t2.0\t0\t1")
    for number in range(101, 141):
        diagnosis.append(f"{number}\t{kinds[number % 4]}")
        people.append(f"{number} 3.4 F NA 19 99" if number % 2 else f"{number} NA NA NA NA NA")
        for index in (1, 2):
            stem = f"{number}_1b{index}_Al_sc_Meditron"
            sound(audio / f"{stem}.wav")
            (audio / f"{stem}.txt").write_text(cycles[index - 1])
            side = "test" if number > 130 or (number == 120 and index == 2) else "train"
            split.append(f"{number}_1b{index}_Al_sc_LittC2SE\t{side}")  # the device is misnamed
    (folder / "ICBHI_Challenge_diagnosis.txt").write_text("\n".join(diagnosis))
    (folder / "ICBHI_Challenge_demographic_information.txt").write_text("\n".join(people))
    (folder / "ICBHI_challenge_train_test.txt").write_text("\n".join(split))
    return folder


def test_icbhi_as_published(tmp_path):
    rows = whole(icbhi.read(icbhi_tree(tmp_path)))
    people = rows["patient_id"].str.removeprefix("icbhi_").astype(int)
    assert set(rows.loc[people > 130, "split"]) == {"test"}
    assert set(rows.loc[(people <= 130) & (people != 120), "split"]) == {"train", "val"}
    assert list(rows.index[people == 120]) == ["120_1b2_Al_sc_Meditron"]  # its test recording
    first = rows.loc[[f"{n}_1b2_Al_sc_Meditron" for n in (101, 102, 103, 104)]]
    assert labels(first, "pneumonia") == [1, 0, None, 0]
    assert labels(first, "no_finding") == [0, None, None, 1]
    assert labels(first, "age") == [3, None, 3, None]
    assert labels(first, "sound:crackles") == [1] * 4 == labels(first, "sound:wheezing")
    assert labels(first, "sound:fine_crackles") == [None] * 4 == labels(first, "sound:rhonchi")
    clear = rows.loc[["101_1b1_Al_sc_Meditron"]]
    assert labels(clear, "sound:normal") == [1] and labels(clear, "sound:fine_crackles") == [0]


def test_icbhi_recordings_without_cycles_are_told_of(tmp_path):
    folder, out = icbhi_tree(tmp_path), tmp_path / "manifest.csv"
    (folder / "ICBHI_final_database" / "101_1b1_Al_sc_Meditron.txt").unlink()
    with pytest.warns(SourceWarning, match="without a file of cycles were left out: 1"):
        icbhi.read(folder)
    done = CliRunner().invoke(app, ["data", "prepare", "icbhi", str(folder), "--out", str(out)])
    assert done.exit_code == 0 and "78 cases in" in done.stdout
    assert "note: Lung sounds without a file of cycles were left out: 1." in done.stderr


def test_kauh_as_published(tmp_path):
    named = (
        "P1_Asthma,I E W,P L L,70,M",
        "P2_N,N,A R U,24,f",
        "P3_pneumonia,C,P R L ,57,M",
        "P4_Heart Failure + Lung Fibrosis ,Crep,P L L,71,F",
        "P5_Plueral Effusion,Bronchial,P L L,81,M",
        "P6_BRON,I X,P L L,20,M",
    )
    for name in named:
        for microphone in "BDE":
            sound(tmp_path / "Audio Files" / f"{microphone}{name}.wav")
    sound(tmp_path / "Audio Files" / "other.wav")
    with pytest.warns(SourceWarning, match="with other names were left out: 1"):
        rows = whole(kauh.read(tmp_path))
    assert len(rows) == 18 and rows["patient_id"].nunique() == 6
    bell = rows.loc[[f"B{name}" for name in named]]
    assert labels(bell, "pneumonia") == [0, 0, 1, 0, 0, 0]
    assert labels(bell, "no_finding") == [None, 1, 0, None, 0, None]
    assert labels(bell, "effusion") == [None, 0, None, None, 1, None]
    assert labels(bell, "sound:crackles") == [0, 0, 1, 1, 0, None]
    assert labels(bell, "sound:wheezing") == [1, 0, 0, 0, 0, None]
    assert labels(bell, "sound:normal") == [0, 1, 0, 0, 0, None]
    assert list(bell["sex"]) == ["M", "F", "M", "F", "M", "M"]


def spr_recording(folder: Path, split: str, part: str, name: str, *types: str) -> None:
    sound(folder / f"{split}_wav" / f"{name}.wav")
    note = folder / f"{split}_json" / part / f"{name}.json"
    note.parent.mkdir(parents=True, exist_ok=True)
    events = [{"start": "1", "end": "9", "type": kind} for kind in types]
    note.write_text(json.dumps({"record_annotation": "x", "event_annotation": events}))


def test_sprsound_as_published(tmp_path):
    year = tmp_path / "BioCAS2022"
    for patient in range(65000000, 65000030):
        spr_recording(year, "train2022", "", f"{patient}_3.4_1_p2_1", "Normal", "Normal")
    spr_recording(year, "test2022", "intra_test_json", "65000001_3.4_1_p2_2", "Rhonchi")
    spr_recording(year, "test2022", "inter_test_json", "66000001_0.6_0_p1_3", "Wheeze+Crackle")
    spr_recording(year, "test2022", "inter_test_json", "65000002_3.4_1_p1_4", "Fine Crackle")
    spr_recording(year, "train2022", "", "65000003_3.4_1_p3_5")  # poor quality
    spr_recording(year, "train2022", "", "_5.3_0_p8_34877", "Normal")
    summary = tmp_path / "Patient Summary" / "SPRSound_patient_summary.csv"
    summary.parent.mkdir()
    summary.write_text(
        ",patient_num,disease,age,gender\n0,65000000,Pneumonia (severe),1,M\n"
        "1,65000001,Control Group,1,M\n2,65000004,Other respiratory diseases,1,M"
    )
    with pytest.warns(SourceWarning, match="of unnamed patients were left out: 1"):
        rows = whole(sprsound.read(tmp_path))
    assert set(rows.index[rows["split"] == "test"]) == {
        "66000001_0.6_0_p1_3",
        "65000002_3.4_1_p1_4",
    }
    assert rows.at["65000001_3.4_1_p2_2", "split"] in ("train", "val")
    assert "65000002_3.4_1_p2_1" not in rows.index  # that child is tested on
    assert "65000003_3.4_1_p3_5" not in rows.index
    first = rows.loc[[f"6500000{n}_3.4_1_p2_1" for n in (0, 1, 4)]]
    assert labels(first, "pneumonia") == [1, 0, None]
    assert labels(first, "no_finding") == [0, 1, None]
    both = rows.loc[["66000001_0.6_0_p1_3"]]
    assert labels(both, "sound:wheezing") == [1] == labels(both, "sound:crackles")
    assert labels(both, "sound:fine_crackles") == [None] == labels(both, "sound:pleural_rub")
    assert list(both["sex"]) == ["M"] and labels(both, "age") == [0]
    assert both["events"].iloc[0] == "0.001 0.009 wheezing|0.001 0.009 crackles"  # 1 to 9 ms


def test_a_copy_of_sprsound_has_its_events_in_time(tmp_path):
    lines = ["audio_path,patient_id,age,sex,location,record_label"]
    events = ["audio_path,start_ms,end_ms,type"]
    said = ["Normal", "DAS", "CAS & DAS", "Poor Quality"]
    heard = [["Normal"], ["Fine Crackle", "Normal"], ["Wheeze+Crackle"], []]
    for number in range(80):
        name = f"files/{number}.flac"
        sound(tmp_path / name)
        lines.append(f"{name},spr_{number // 4},3.4,F,left lateral,{said[number % 4]}")
        for place, kind in enumerate(heard[number % 4]):
            events.append(f"{name},{500 + 1000 * place},{1250 + 1000 * place},{kind}")
    (tmp_path / "metadata.csv").write_text("\n".join(lines))
    (tmp_path / "events.csv").write_text("\n".join(events))
    rows = whole(sprsound.read(tmp_path))
    assert len(rows) == 80 and labels(rows, "age")[0] == 3
    first = rows.loc[["0", "1", "2", "3"]]
    assert list(first["events"]) == [
        "0.5 1.25 normal",
        "0.5 1.25 fine_crackles|1.5 2.25 normal",
        "0.5 1.25 wheezing|0.5 1.25 crackles",
        "",
    ]
    assert labels(first, "sound:normal") == [1, 0, 0, None]
    assert labels(first, "sound:fine_crackles") == [0, 1, None, None]
    assert labels(first, "sound:poor_quality") == [0, 0, 0, 1]
    events[1] = events[1].replace("1250", "250")
    (tmp_path / "events.csv").write_text("\n".join(events))
    with pytest.raises(ManifestError, match=r"An event of 'files/0.flac'.*before it ends"):
        sprsound.read(tmp_path)
