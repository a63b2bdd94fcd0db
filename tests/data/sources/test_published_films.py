"""The recipes of films on small trees laid out as the originals are published."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mmbm.data.manifest import read_manifest
from mmbm.data.sources import (
    SOURCES,
    chexpert,
    ieee8023,
    kermany,
    mimic_cxr,
    nih,
    openi,
    rsna,
    siim,
)
from mmbm.data.sources.assemble import COLUMNS
from mmbm.data.sources.layout import SourceWarning
from mmbm.data.sources.prepare import prepare_source
from mmbm.errors import ManifestError
from tests.made_files import dicom

shade = iter(range(10**6))


def film(path: Path, grey: int | None = None) -> None:
    """A tiny film, unlike every other unless ``grey`` is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    value = next(shade) if grey is None else grey
    pixels = np.full((4, 4), [value % 251, value // 251, 7, 200], dtype=np.uint8)
    Image.fromarray(pixels).save(path, "PNG")


def labels(rows: pd.DataFrame, column: str) -> list[int | None]:
    return [None if pd.isna(value) else int(value) for value in rows[column]]


def whole(rows: pd.DataFrame) -> pd.DataFrame:
    """What holds of every recipe's rows."""
    assert rows["split"].isin(("train", "val", "test")).all()
    assert (rows.groupby("patient_id")["split"].nunique() == 1).all()
    assert rows["name"].is_unique
    return rows.set_index("name")


@pytest.mark.parametrize("source", SOURCES)
def test_a_wrong_folder_is_told_what_was_expected(tmp_path, source):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "readme.txt").write_text("nothing of interest")
    with pytest.raises(ManifestError, match="Expected: ") as refused:
        SOURCES[source](tmp_path / "other")
    assert str(tmp_path) not in str(refused.value)


def nih_tree(folder: Path, lists: bool) -> Path:
    said = ["No Finding", "Effusion|Pneumonia", "Infiltration", "Cardiomegaly|Pneumonia"]
    lines = ["Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,"]
    lines[0] += "View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
    names = []
    for patient in range(1, 41):
        for visit in range(2):
            name = f"{patient:08d}_{visit:03d}.png"
            age = "411" if patient == 3 else "060Y" if patient == 4 else str(20 + patient)
            kind = said[(patient + visit) % 4]
            cells = f"{name},{kind},{visit},{patient},{age},M,PA,2682,2749,0.14,0.14,"
            lines.append(cells)
            names.append(name)
            film(folder / f"images_{1 + patient % 2:03d}" / "images" / name)
    (folder / "Data_Entry_2017.csv").write_text("\n".join(lines))
    if lists:
        (folder / "test_list.txt").write_text("\n".join(names[-20:]))
        (folder / "train_val_list.txt").write_text("\n".join(names[:-20]))
    return folder


def test_nih_as_published(tmp_path):
    rows = whole(nih.read(nih_tree(tmp_path, lists=True)))
    assert len(rows) == 80
    last = rows["patient_id"].isin([f"nih_{p:05d}" for p in range(31, 41)])
    assert set(rows.loc[last, "split"]) == {"test"}
    assert set(rows.loc[~last, "split"]) == {"train", "val"}
    assert labels(rows.loc[["00000001_000", "00000002_000", "00000004_000"]], "pneumonia") == [
        1,
        None,
        0,
    ]
    assert rows.at["00000002_000", "infiltration"] == 1
    assert rows.at["00000002_000", "no_finding"] == 0
    assert pd.isna(rows.at["00000003_000", "age"]) and rows.at["00000004_000", "age"] == 60


def test_nih_without_its_lists_is_split_by_patient(tmp_path):
    assert set(whole(nih.read(nih_tree(tmp_path, lists=False)))["split"]) == {
        "train",
        "val",
        "test",
    }


def test_listed_films_that_are_missing_are_told_of(tmp_path):
    folder = nih_tree(tmp_path, lists=True)
    (folder / "images_001" / "images" / "00000002_000.png").unlink()
    with pytest.warns(SourceWarning, match="not in the folder were left out: 1 of 80"):
        assert len(nih.read(folder)) == 79


def test_kermany_as_published(tmp_path):
    root = tmp_path / "chest_xray"
    for number in range(30):
        film(root / "train" / "NORMAL" / f"IM-{number:04d}-0001.jpeg")
        film(root / "train" / "PNEUMONIA" / f"person{number}_bacteria_{number}.jpeg")
        film(root / "train" / "PNEUMONIA" / f"person{number}_bacteria_{number + 100}.jpeg")
        film(root / "test" / "PNEUMONIA" / f"person{number + 500}_virus_{number}.jpeg")
    film(root / "val" / "NORMAL" / "NORMAL2-IM-1427-0001.jpeg")
    film(root / "test" / "NORMAL" / "NORMAL-77-0001.jpeg")
    film(root / "test" / "PNEUMONIA" / "person7_virus_9.jpeg")  # a child of train too
    film(tmp_path / "__MACOSX" / "chest_xray" / "train" / "NORMAL" / "._IM-0001-0001.jpeg")
    rows = whole(kermany.read(tmp_path))
    assert set(rows.loc[rows.index.str.startswith("test"), "split"]) == {"test"}
    assert {"train", "val"} == set(rows.loc[~rows.index.str.startswith("test"), "split"])
    assert list(rows.index[rows["patient_id"] == "kermany_p7"]) == ["test-person7_virus_9"]
    assert rows["patient_id"].isin(["kermany_n0003", "kermany_n2_1427", "kermany_77"]).sum() == 3
    assert labels(rows.loc[["test-person500_virus_0", "train-person1_bacteria_1"]], "viral") == [
        1,
        0,
    ]
    assert pd.isna(rows.at["train-IM-0001-0001", "viral"])


def test_a_copy_in_train_of_a_published_test_film_is_left_out(tmp_path):
    root = tmp_path / "chest_xray"
    for number in range(9):
        film(root / "train" / "NORMAL" / f"IM-{number:04d}-0001.jpeg", grey=number)
    film(root / "test" / "NORMAL" / "IM-9000-0001.jpeg", grey=4)
    rows = whole(kermany.read(tmp_path))
    assert rows.at["test-IM-9000-0001", "split"] == "test"
    assert "train-IM-0004-0001" not in rows.index and len(rows) == 9


def test_ieee8023_as_published(tmp_path):
    header = "patientid,offset,sex,age,finding,view,modality,folder,filename,clinical_notes"
    films = [
        "2,0,M,65,Pneumonia/Viral/COVID-19,PA,X-ray,images,a.png,COVID-19 with fever",
        "3,0,F,,Pneumonia/Fungal/Pneumocystis,AP Supine,X-ray,images,b.png,",
        "4,0,F,30,Tuberculosis,PA,X-ray,images,c.png,",
        "5,0,F,30,No Finding,PA,X-ray,images,d.png,cough",
        "6,0,F,30,Pneumonia/Bacterial/Klebsiella,L,X-ray,images,e.png,",
        "7,0,F,30,Pneumonia/Viral/SARS,Axial,CT,volumes,f.nii.gz,",
    ]
    (tmp_path / "metadata.csv").write_text("\n".join([header, *films]))
    for name in "abcde":
        film(tmp_path / "images" / f"{name}.png")
    rows = whole(ieee8023.read(tmp_path))
    assert list(rows.index) == ["a", "b", "c", "d"] and set(rows["split"]) == {"test"}
    assert labels(rows, "pneumonia") == [1, 1, None, 0]
    assert labels(rows, "viral") == [1, None, None, None]
    assert list(rows["view"]) == ["PA", "AP", "PA", "PA"]
    assert rows.at["a", "note"] == "[…] with fever"


def rsna_tree(folder: Path) -> Path:
    boxes, classes = ["patientId,x,y,width,height,Target"], ["patientId,class"]
    mapped = []
    kinds = ("Normal", "No Lung Opacity / Not Normal", "Lung Opacity")
    for number in range(24):
        name, kind = f"uuid-{number}", kinds[number % 3]
        ill = kind == "Lung Opacity"
        boxes += [f"{name},1,1,9,9,1"] * 2 if ill else [f"{name},,,,,0"]
        classes.append(f"{name},{kind}")
        mapped.append({"subset_img_id": name, "img_id": f"{number // 2:08d}_000.png"})
        path = folder / "stage_2_train_images" / f"{name}.dcm"
        path.parent.mkdir(exist_ok=True)
        pixels = np.full((8, 8), number, dtype=np.uint16)
        with pytest.warns(UserWarning, match="Invalid value for VR AS"):  # as published
            path.write_bytes(dicom(pixels, PatientAge="51", PatientSex="F", ViewPosition="AP"))
    (folder / "stage_2_train_labels.csv").write_text("\n".join(boxes))
    (folder / "stage_2_detailed_class_info.csv").write_text("\n".join(classes))
    (folder / rsna.MAPPING).write_text(json.dumps(mapped))
    return folder


def test_rsna_as_published(tmp_path):
    rows = whole(rsna.read(rsna_tree(tmp_path)))
    assert labels(rows.loc[["uuid-0", "uuid-1", "uuid-2"]], "pneumonia") == [0, 0, 1]
    assert labels(rows.loc[["uuid-0", "uuid-1", "uuid-2"]], "no_finding") == [1, 0, 0]
    assert rows["patient_id"].nunique() == 12 and rows.at["uuid-3", "patient_id"] == "nih_00001"
    assert set(rows["age"]) == {51} and set(rows["view"]) == {"AP"} and set(rows["sex"]) == {"F"}


def test_rsna_without_the_mapping_says_that_people_cannot_be_told_apart(tmp_path):
    (rsna_tree(tmp_path) / rsna.MAPPING).unlink()
    with pytest.warns(SourceWarning, match="each chest X-ray counts as one patient"):
        assert rsna.read(tmp_path)["patient_id"].nunique() == 24


CHEXPERT_HEADER = ",".join([*chexpert.ABOUT, "No Finding", *chexpert.PATHOLOGIES])


def mined(**said: str) -> str:
    return ",".join(
        said.get(name.replace(" ", "_"), "") for name in ("No Finding", *chexpert.PATHOLOGIES)
    )


def test_chexpert_as_published(tmp_path):
    root = tmp_path / "CheXpert-v1.0-small"
    said = {
        1: mined(No_Finding="1.0"),
        2: mined(Pneumonia="1.0", Pleural_Effusion="-1.0", Edema="0.0"),
        3: mined(Pleural_Effusion="1.0"),
        4: mined(),
    }
    lines = {"train": [CHEXPERT_HEADER], "valid": [CHEXPERT_HEADER]}
    for number in range(1, 33):
        split = "valid" if number > 28 else "train"
        where = f"{split}/patient{number:05d}/study1"
        for view in ("frontal", "lateral"):
            film(root / where / f"view1_{view}.jpg")
            cells = f"CheXpert-v1.0-small/{where}/view1_{view}.jpg,Female,68,{view.capitalize()},"
            lines[split].append(cells + "AP," + said[1 + (number - 1) % 4])
    for split, text in lines.items():
        (root / f"{split}.csv").write_text("\n".join(text))
    rows = whole(chexpert.read(tmp_path))
    assert len(rows) == 32  # frontal
    assert rows["split"].value_counts()["test"] == 4 and "val" in set(rows["split"])
    first = rows.loc[[f"patient{n:05d}-study1-view1_frontal" for n in (1, 2, 3, 4)]]
    assert labels(first, "pneumonia") == [0, 1, None, None]
    assert labels(first, "no_finding") == [1, 0, 0, None]
    assert labels(first, "effusion") == [0, None, 1, None]
    assert labels(first, "edema") == [0, 0, 0, None]
    assert labels(first, "infiltration") == [None] * 4


def mimic_tree(folder: Path) -> Path:
    films = ["dicom_id,subject_id,study_id,ViewPosition"]
    splits = ["dicom_id,study_id,subject_id,split"]
    labelled = ["subject_id,study_id,No Finding," + ",".join(chexpert.PATHOLOGIES)]
    published = {10000001: "train", 10000002: "validate", 11000003: "test"}
    for subject, split in published.items():
        study = subject + 40000000
        where = folder / "files" / f"p{str(subject)[:2]}" / f"p{subject}"
        for view in ("PA", "LATERAL"):
            films.append(f"{subject}-{view},{subject},{study},{view}")
            splits.append(f"{subject}-{view},{study},{subject},{split}")
            film(where / f"s{study}" / f"{subject}-{view}.jpg")
        (where / f"s{study}.txt").write_text(
            "                FINAL REPORT\n INDICATION: fever.\n IMPRESSION: Pneumonia."
        )
        labelled.append(f"{subject},{study}," + mined(Pneumonia="1.0"))
    for name, lines in (("metadata", films), ("split", splits), ("chexpert", labelled)):
        with gzip.open(folder / f"mimic-cxr-2.0.0-{name}.csv.gz", "wt") as file:
            file.write("\n".join(lines))
    return folder


def test_mimic_as_published(tmp_path):
    rows = whole(mimic_cxr.read(mimic_tree(tmp_path)))
    assert list(rows["split"]) == ["train", "val", "test"]
    assert labels(rows, "pneumonia") == [1, 1, 1] and set(rows["view"]) == {"PA"}
    assert set(rows["note"]) == {"INDICATION: fever. IMPRESSION: […]."}


def test_mimic_without_reports_says_so(tmp_path):
    for report in mimic_tree(tmp_path).rglob("*.txt"):
        report.unlink()
    with pytest.warns(SourceWarning, match="notes are blank"):
        assert set(mimic_cxr.read(tmp_path)["note"]) == {""}


def openi_tree(folder: Path) -> Path:
    terms = [["normal"], ["Pneumonia/right", "Pleural Effusion/left"], ["No Indexing"], ["Opacity"]]
    projections = ["uid,filename,projection"]
    for number in range(1, 13):
        major = "".join(f"<major>{t}</major>" for t in terms[(number - 1) % 4])
        start = f"CXR{number}_1_IM" if number == 1 else f"CXR{number}_IM"
        images = [f"{start}-{number:04d}-{view}" for view in ("3001", "4001")]
        parents = "".join(f'<parentImage id="{i}"/>' for i in images)
        for image, view in zip(images, ("Lateral", "Frontal"), strict=True):
            film(folder / "NLMCXR_png" / f"{image}.png")
            short = re.sub(r"^CXR\d+_(1_)?", "", image)
            projections.append(f"{number},{number}_{short}.dcm.png,{view}")
        report = folder / "ecgen-radiology" / f"{number}.xml"
        report.parent.mkdir(exist_ok=True)
        report.write_text(
            f"<eCitation><MeSH>{major}</MeSH><Abstract>"
            '<AbstractText Label="INDICATION">Cough.</AbstractText>'
            '<AbstractText Label="FINDINGS">Right lower lobe pneumonia.</AbstractText>'
            f"</Abstract>{parents}</eCitation>"
        )
    (folder / "indiana_projections.csv").write_text("\n".join(projections))
    return folder


def test_openi_as_published(tmp_path):
    rows = whole(openi.read(openi_tree(tmp_path)))
    assert len(rows) == 9 and "1_IM-0001-4001" in rows.index  # frontal, indexed
    first = rows.loc[["1_IM-0001-4001", "2_IM-0002-4001", "4_IM-0004-4001"]]
    assert labels(first, "no_finding") == [1, 0, 0]
    assert labels(first, "pneumonia") == [0, 1, 0]
    assert labels(first, "effusion") == [0, 1, 0]
    assert set(rows["note"]) == {"Cough."}  # the rest was written from the film
    assert set(rows["split"]) == {"test"}  # its licence allows nothing else


def test_a_copy_of_openi_gives_notes_alone(tmp_path):
    (tmp_path / "reports.csv").write_text(
        "report_id,indication,findings,impression,mesh_major,normal,opacity_pneumonia\n"
        "CXR1,Chest pain,Clear lungs.,Normal.,normal,1,0\n"
        "CXR2,Rule out pneumonia,Opacity.,Pneumonia.,Pneumonia,0,1\n"
        "CXR3,,Clear lungs.,Normal.,normal,1,0\n"
    )
    out = tmp_path / "out.csv"
    prepare_source("openi", tmp_path, out)
    manifest = read_manifest(out)
    assert list(manifest.rows["notes_text"]) == ["Chest pain", "Rule out […]"]
    assert set(manifest.rows["split"]) == {"test"}
    assert manifest.labels(["pneumonia", "no_finding"]).tolist() == [[0, 1], [1, 0]]


def siim_copy(folder: Path, boxes: str = "0.1 0.2 0.3 0.9|0.5 0.25 0.75 0.5") -> Path:
    said = ["Negative for Pneumonia", *(f"{a.capitalize()} Appearance" for a in siim.APPEARANCES)]
    lines = ["image_path,patient_id,study_id,finding,opacity,boxes,width,height"]
    for number in range(160):
        film(folder / "img" / f"{number}.png")
        look = said[number % 4]
        where = boxes if number % 4 else ""
        lines.append(f"img/{number}.png,siim_{number // 4},s,{look},{number % 4 > 0:d},{where},9,8")
    (folder / "metadata.csv").write_text("\n".join(lines))
    return folder


def test_a_copy_of_siim_keeps_boxes_and_does_not_call_the_negative_normal(tmp_path):
    out = tmp_path / "out.csv"
    rows = whole(siim.read(siim_copy(tmp_path)))
    assert set(rows["split"]) == {"train", "val", "test"}
    prepare_source("siim", tmp_path, out)
    manifest = read_manifest(out)
    first = rows.loc[["0", "1", "2", "3"]]
    assert labels(first, "pneumonia") == [0, 1, 1, 1]
    assert labels(first, "no_finding") == [None, 0, 0, 0]
    assert labels(first, "indeterminate") == [0, 0, 1, 0]
    assert manifest.boxes(0) == () and len(manifest.boxes(1)) == 2
    assert manifest.boxes(1)[1] == (0.5, 0.25, 0.75, 0.5)


def test_siim_refuses_boxes_and_findings_that_it_cannot_read(tmp_path):
    siim_copy(tmp_path, "0.1 0.2 0.3")
    with pytest.raises(ManifestError, match=r"boxes of metadata.csv.*four numbers"):
        siim.read(tmp_path)
    listed = tmp_path / "metadata.csv"
    listed.write_text(siim_copy(tmp_path).joinpath("metadata.csv").read_text().replace("Neg", "X"))
    with pytest.raises(ManifestError, match="has the class 'xative'"):
        siim.read(tmp_path)


def test_siim_as_published(tmp_path):
    studies = ["id,Negative for Pneumonia,Typical Appearance,Indeterminate Appearance,"]
    studies[0] += "Atypical Appearance"
    films = ["id,boxes,label,StudyInstanceUID"]
    box = "[{'x': 2.0, 'y': 1.0, 'width': 4.0, 'height': 9.0}]"
    for number in range(4):
        look = ",".join(str(int(number == k)) for k in range(4))
        studies.append(f"s{number}_study,{look}")
        for copy in range(2):
            name = f"f{number}{copy}"
            films.append(f'{name}_image,"{box if number else ""}",none,s{number}')
            path = tmp_path / "train" / f"s{number}" / "x" / f"{name}.dcm"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.full((8, 16), 10 * number + copy, dtype=np.uint16)
            path.write_bytes(dicom(pixels, PatientID=f"P{number}"))
    (tmp_path / "train_study_level.csv").write_text("\n".join(studies))
    (tmp_path / "train_image_level.csv").write_text("\n".join(films))
    rows = whole(siim.read(tmp_path))
    assert len(rows) == 8 and set(rows["patient_id"]) == {f"siim_P{n}" for n in range(4)}
    assert rows.at["f10", "boxes"] == "0.125 0.125 0.375 1"  # what lies beyond the film is cut
    assert labels(rows.loc[["f00", "f10", "f20", "f30"]], "atypical") == [0, 0, 0, 1]


def read_nih(folder: Path) -> Path:
    """An NIH subset that radiologists read in part: films 0 to 59 of 120."""
    mined = ["Pneumonia", "No Finding", "Effusion"]
    classes = ["Lung Opacity", "Normal", "No Lung Opacity / Not Normal"]
    lines = ["image_path,patient_id,finding,age,sex,view"]
    read = ["image_path,patient_id,mined,rsna_class,rsna_boxes"]
    for number in range(120):
        film(folder / f"{number}.png")
        lines.append(f"{number}.png,nih_{number},{mined[number % 3]},50,F,PA")
        if number < 60:
            box = "0.1 0.1 0.4 0.5" if number % 3 == 1 else ""
            read.append(f"{number}.png,nih_{number},x,{classes[(number + 2) % 3]},{box}")
    read.append("60.png,nih_60,x,,")  # listed, but not read by RSNA
    (folder / "metadata.csv").write_text("\n".join(lines))
    (folder / "radiologists.csv").write_text("\n".join(read))
    return folder


def test_what_radiologists_read_overrides_what_was_mined(tmp_path):
    rows = whole(nih.read(read_nih(tmp_path)))
    assert len(rows) == 60  # the others are left out
    first = rows.loc[["0", "1", "2"]]
    assert labels(first, "pneumonia") == [0, 1, 0] and labels(first, "no_finding") == [0, 0, 1]
    assert rows["effusion"].isna().all()  # mined too
    assert rows.at["1", "boxes"] == "0.1 0.1 0.4 0.5"


def test_mined_labels_can_stay_as_weak_ones_in_train_or_as_they_are(tmp_path):
    out = tmp_path / "out.csv"
    prepare_source("nih", read_nih(tmp_path), out, mined="weak")
    rows = read_manifest(out).rows.set_index("case_id")
    unread = rows[[int(name.removeprefix("nih-")) >= 60 for name in rows.index]]
    assert len(unread) and set(unread["split"]) == {"train"}
    assert {round(float(p), 3) for p in unread["pneumonia"]} == {0.442, 0.109}
    kept = whole(nih.read(tmp_path, "labels"))
    assert len(kept) == 120 and labels(kept.loc[["0", "1"]], "pneumonia") == [1, 0]


def test_an_unknown_reading_is_refused(tmp_path):
    path = read_nih(tmp_path) / "radiologists.csv"
    path.write_text(path.read_text().replace("Lung Opacity,", "Opaque,"))
    with pytest.raises(ManifestError, match=r"radiologists.csv has the class 'Opaque'"):
        nih.read(tmp_path)


def test_openi_without_projections_says_that_views_cannot_be_told(tmp_path):
    (openi_tree(tmp_path) / "indiana_projections.csv").unlink()
    with pytest.warns(SourceWarning, match="frontal and lateral views could not be separated"):
        assert len(openi.read(tmp_path)) == 18


def test_a_prepared_source_is_a_manifest_with_nothing_drawn(tmp_path):
    out = tmp_path / "out" / "manifest.csv"
    rows = prepare_source("mimic_cxr", mimic_tree(tmp_path), out)
    assert list(rows.columns) == COLUMNS
    manifest = read_manifest(out)
    assert set(manifest.rows["assembled"]) == {""} and len(manifest.rows) == 3
    assert manifest.rows["notes_text"].str.startswith("INDICATION").all()
    assert set(manifest.rows["case_id"].str.split("-").str[0]) == {"mimic_cxr"}


def test_an_unknown_source_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ManifestError, match=r"No source 'padchest'\. Choose assembled, chexpert"):
        prepare_source("padchest", tmp_path, tmp_path / "m.csv")
