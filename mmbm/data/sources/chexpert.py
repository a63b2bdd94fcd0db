"""CheXpert (Irvin et al., AAAI 2019): adults' films of one Californian hospital.

Labels were mined from reports: 1, 0, -1 (uncertain) or blank (not mentioned). Uncertain stays
blank. What a report does not mention is 0 where it mentions anything at all, as in NIH
ChestX-ray14, but pneumonia only where the film shows nothing.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mmbm.data.sources.layout import find, look_for, present, read_table
from mmbm.data.sources.rows import recipe_rows
from mmbm.data.sources.splits import drop_duplicates, split_by_patient

__all__ = ["LAYOUT", "PATHOLOGIES", "mined_labels", "read"]

LAYOUT = "chexpert"
ABOUT = ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA")
PATHOLOGIES = (
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
)
NAMED = {
    "effusion": "Pleural Effusion",
    "atelectasis": "Atelectasis",
    "edema": "Edema",
    "consolidation": "Consolidation",
    "pneumonia": "Pneumonia",
}
OLDEST = 120  # years


def read(folder: Path) -> pd.DataFrame:
    """Read the frontal films. Test is the published valid set, which radiologists labelled.

    Raises ManifestError.
    """
    parts = []
    for name, split in (("train.csv", "train"), ("valid.csv", "test")):
        if (split == "train") or look_for(folder, name):
            table = find(folder, name, expected=LAYOUT)
            listed = read_table(table, (*ABOUT, "No Finding", *PATHOLOGIES))
            parts.append(listed.assign(official=split, root=str(table.parent)))
    listed = pd.concat(parts, ignore_index=True)
    listed = listed[listed["Frontal/Lateral"] == "Frontal"].reset_index(drop=True)
    within = listed["Path"].str.replace(r"^CheXpert-v[^/]*/", "", regex=True)
    listed = listed.assign(within=within)
    films = [Path(r) / w for r, w in zip(listed["root"], within, strict=True)]
    listed = present(listed, films, LAYOUT)
    years = pd.to_numeric(listed["Age"], errors="coerce")
    places = listed["within"].str.extract(r"(patient\d+)/(study\d+)/([^/.]+)")
    columns = {
        "name": places[0] + "-" + places[1] + "-" + places[2],
        "patient_id": "chexpert_" + places[0].str.removeprefix("patient"),
        "image": listed["path"],
        "age": years.where(years.between(1, OLDEST)),
        "sex": listed["Sex"].map({"Female": "F", "Male": "M"}),
        "view": listed["AP/PA"].where(listed["AP/PA"].isin(("AP", "PA")), ""),
        "official": listed["official"],
        **mined_labels(listed),
    }
    return split_by_patient(drop_duplicates(recipe_rows("chexpert", columns)))


def mined_labels(listed: pd.DataFrame) -> dict[str, pd.Series]:
    """Our findings from the columns of the CheXpert labeller, as nullable integers."""
    cells = listed[["No Finding", *PATHOLOGIES]].apply(pd.to_numeric, errors="coerce")
    healthy = cells["No Finding"] == 1
    ill = (cells[list(PATHOLOGIES)] == 1).any(axis=1)
    labels = {"no_finding": _whole(healthy.astype(float).where(healthy | ill))}
    for ours, theirs in NAMED.items():
        silent = cells[theirs].isna()
        absent = healthy if ours == "pneumonia" else cells.notna().any(axis=1)
        said = cells[theirs].where(cells[theirs].isin((0, 1)))
        labels[ours] = _whole(said.mask(silent & absent, 0.0))
    return labels


def _whole(numbers: pd.Series) -> pd.Series:
    return numbers.astype("Int64")
