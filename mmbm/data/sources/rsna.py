"""RSNA pneumonia detection challenge 2018: 26,684 films of NIH ChestX-ray14, read by radiologists.

``patientId`` names a film, not a person. RSNA's mapping to NIH's names tells the people apart;
it is asked for, since a person has up to dozens of films here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmbm.data.sources.layout import find, layout, look_for, note, present, read_table
from mmbm.data.sources.rows import recipe_rows
from mmbm.data.sources.splits import drop_duplicates, split_by_patient
from mmbm.errors import ManifestError
from mmbm.text import sentence

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["LAYOUT", "read"]

MAPPING = "pneumonia-challenge-dataset-mappings_2018.json"
LAYOUT = "rsna"
FRONTAL = ("AP", "PA")


def read(folder: Path) -> pd.DataFrame:
    """Read the labelled films. Pneumonia is an opacity that radiologists boxed as suspect of it.

    The stage 2 test films have no public labels. Raises ManifestError.
    """
    boxes = read_table(
        find(folder, "stage_2_train_labels.csv", expected=LAYOUT), ("patientId", "Target")
    )
    classes = read_table(
        find(folder, "stage_2_detailed_class_info.csv", expected=LAYOUT), ("patientId", "class")
    )
    images = find(folder, "stage_2_train_images", expected=LAYOUT)
    listed = boxes.groupby("patientId", sort=True)["Target"].max().reset_index()
    listed = listed.merge(classes.drop_duplicates("patientId"), on="patientId")
    listed = present(listed, [images / f"{name}.dcm" for name in listed["patientId"]], LAYOUT)
    header = pd.DataFrame([_header(Path(path)) for path in listed["path"]])
    people = _people(folder)
    if people is None:
        note(sentence("source.no_mapping", file=MAPPING))
        people = {}
    columns = {
        "patient_id": [people.get(name, f"rsna_{name}") for name in listed["patientId"]],
        "image": listed["path"],
        **{name: header[name] for name in ("age", "sex", "view")},
        "pneumonia": (listed["Target"] == "1").astype("Int64"),
        "no_finding": (listed["class"] == "Normal").astype("Int64"),
    }
    return split_by_patient(drop_duplicates(recipe_rows("rsna", columns)))


def _header(path: Path) -> dict[str, Any]:
    """Age, sex and view of one film; blank where its header does not say."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    tags = ["PatientAge", "PatientSex", "ViewPosition"]
    try:
        header = dcmread(path, stop_before_pixels=True, specific_tags=tags)
    except (OSError, InvalidDicomError) as exc:
        raise ManifestError(
            sentence("source.not_dicom", file=path.name, expected=layout(LAYOUT))
        ) from exc
    years, sex, view = (_text(header, tag) for tag in tags)
    years = years.removesuffix("Y")
    return {
        "age": int(years) if years.isdigit() and int(years) <= 120 else None,
        "sex": sex if sex in ("F", "M") else "",
        "view": view if view in FRONTAL else "",
    }


def _text(header: Dataset, tag: str) -> str:
    """A short text as it stands: the films' ages ("51") are not of the standard's form ("051Y")."""
    element = header.get_item(tag)
    stored = b"" if element is None else element.value
    return (stored.decode("ascii", "replace") if isinstance(stored, bytes) else "").strip(" \0")


def _people(folder: Path) -> dict[str, str] | None:
    """Film -> NIH's patient, as in the recipe of NIH; None without the mapping."""
    path = look_for(folder, MAPPING)
    if path is None:
        return None
    try:
        mapped = json.loads(path.read_text(encoding="utf-8"))
        return {m["subset_img_id"]: f"nih_{int(m['img_id'].split('_')[0]):05d}" for m in mapped}
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ManifestError(sentence("source.mapping", file=path.name)) from exc
