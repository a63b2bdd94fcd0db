"""Kermany et al., Cell 2018: films of children aged 1 to 5, antero-posterior (CC BY 4.0)."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from mmbm.data.sources.layout import files_by_name, find, note, present, read_table
from mmbm.data.sources.rows import recipe_rows
from mmbm.data.sources.splits import drop_duplicates, split_by_patient
from mmbm.text import sentence

__all__ = ["FOLDER", "LAYOUT", "read"]

FOLDER = "images/kermany_pediatric_224"
LAYOUT = "kermany"
NAMES = {  # file names of the two releases -> the patient's number
    "person{}": re.compile(r"person(\d+)_(?:bacteria|virus)_", re.IGNORECASE),
    "n2_{}": re.compile(r"NORMAL2-IM-(\d+)-"),
    "n{}": re.compile(r"IM-(\d+)-"),
    "{}": re.compile(r"(?:NORMAL|BACTERIA|VIRUS)-(\d+)-"),
}
KINDS = {"virus": "Pneumonia/Viral", "bacteria": "Pneumonia/Bacterial"}


def read(folder: Path) -> pd.DataFrame:
    """Read the set as published, or a copy listed in a ``metadata.csv``.

    Bacterial and viral pneumonia are both 1; age and sex of each child are not given. The same
    person's number under bacteria and virus counts as one child. Test is the published test
    folder; children of it who stand in the others too are left out there. Raises ManifestError.
    """
    copy = (folder / "metadata.csv").is_file()
    listed = _copy(folder) if copy else _published(folder)
    kind = listed["kind"]
    columns = {
        "name": listed["name"],
        "patient_id": listed["patient_id"],
        "image": listed["path"],
        "view": listed["view"],
        "pneumonia": kind.str.startswith("Pneumonia").astype("Int64"),
        "no_finding": (kind == "Normal").astype("Int64"),
        "viral": kind.map({KINDS["virus"]: 1, KINDS["bacteria"]: 0}).astype("Int64"),
    }
    official = {"official": listed["official"]} if "official" in listed else {}
    rows = recipe_rows("kermany", columns | official)
    rows = rows[(rows["pneumonia"] == 1) | (rows["no_finding"] == 1)]
    return split_by_patient(drop_duplicates(rows))


def _copy(folder: Path) -> pd.DataFrame:
    columns = ("image_path", "patient_id", "finding_derived", "view")
    listed = read_table(folder / "metadata.csv", columns)
    listed = present(listed, [folder / p for p in listed["image_path"]], LAYOUT)
    return listed.assign(kind=listed["finding_derived"], name="")


def _published(folder: Path) -> pd.DataFrame:
    root = find(folder, "train/NORMAL", expected=LAYOUT).parents[1]
    films: list[dict[str, str]] = []
    unknown = 0
    for split in ("train", "val", "test"):
        for group in ("NORMAL", "PNEUMONIA"):
            for name, path in files_by_name(
                root / split / group, (".jpeg", ".jpg", ".png")
            ).items():
                patient = _patient(name)
                unknown += patient is None
                if patient is not None:
                    films.append(
                        {
                            "name": f"{split}-{path.stem}",
                            "patient_id": f"kermany_{patient}",
                            "path": str(path.absolute()),
                            "view": "AP",
                            "kind": "Normal" if group == "NORMAL" else _cause(name),
                            "official": "test" if split == "test" else "train",
                        }
                    )
    if unknown:
        note(sentence("source.left_out.no_patient", count=unknown))
    if not films:
        find(root, "train/NORMAL/*.jpeg", expected=LAYOUT)
    return pd.DataFrame(films)


def _patient(name: str) -> str | None:
    for form, pattern in NAMES.items():
        if found := pattern.match(name):
            return form.format(found[1]).replace("person", "p")
    return None


def _cause(name: str) -> str:
    """Of a film of the PNEUMONIA folder; "Pneumonia" alone where its name does not say."""
    causes = [kind for word, kind in KINDS.items() if word in name.lower()]
    return causes[0] if causes else "Pneumonia"
