"""What made the objects: its names, when, and the UIDs that it gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydicom import Dataset
from pydicom.uid import generate_uid

from mmbm.report.form import CaseReport

__all__ = ["Maker", "dated"]

NOWHEN = ("19000101", "000000")  # in place of a day and a time that may not be said
DAYS = (
    "ContentDate",
    "DateOfSecondaryCapture",
    "InstanceCreationDate",
    "PresentationCreationDate",
    "SeriesDate",
)


@dataclass(frozen=True)
class Maker:
    """One export: the same report on the same film gets the same UIDs again."""

    report: CaseReport
    made: datetime | None  # None: the objects do not say when

    manufacturer = "MMBM"

    @property
    def device(self) -> dict[str, Any]:
        """The keyword arguments of highdicom that name a device."""
        model = self.report.model
        return {
            "manufacturer": self.manufacturer,
            "manufacturer_model_name": "MMBM",
            "software_versions": [self.report.mmbm_version, f"{model.name} {model.version}"[:64]],
            "device_serial_number": model.sha256[:64],
        }

    def uids(self, film: Dataset, what: str) -> dict[str, Any]:
        """The UIDs of an object and of its series, by highdicom's keyword arguments."""
        said = self.report.model_dump_json()
        sources = [str(film.SOPInstanceUID), said, what]
        return {
            "series_instance_uid": str(generate_uid(entropy_srcs=[*sources, "series"])),
            "sop_instance_uid": str(generate_uid(entropy_srcs=sources)),
        }

    def sign(self, dataset: Any) -> None:
        """Name the device, and the body part, which has no side."""
        device = self.device
        dataset.ManufacturerModelName = device["manufacturer_model_name"]
        dataset.SoftwareVersions = device["software_versions"]
        dataset.DeviceSerialNumber = device["device_serial_number"]
        if dataset.Modality != "SR":
            dataset.BodyPartExamined = "CHEST"


def dated(dataset: Any, made: datetime | None) -> None:
    """Set all that says when an object was made, in UTC."""
    day, time = (f"{made:%Y%m%d}", f"{made:%H%M%S}") if made else NOWHEN
    for keyword in DAYS:
        for name, value in ((keyword, day), (keyword.replace("Date", "Time"), time)):
            if name in dataset:
                setattr(dataset, name, value)
    for item in dataset.get("ContributingEquipmentSequence", ()):
        if "ContributionDateTime" in item:
            item.ContributionDateTime = day + time
    if made is not None:
        dataset.TimezoneOffsetFromUTC = "+0000"
    elif "TimezoneOffsetFromUTC" in dataset:
        del dataset.TimezoneOffsetFromUTC
