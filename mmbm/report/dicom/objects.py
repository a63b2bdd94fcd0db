"""All objects of one export, and how they refer to each other and to the film."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydicom import Dataset

from mmbm.case import Picture
from mmbm.errors import InputError
from mmbm.privacy.quiet import quote_nothing
from mmbm.report.dicom.captured import captured_map
from mmbm.report.dicom.film import given_film, made_film, mark_deidentified, named_film
from mmbm.report.dicom.maker import Maker
from mmbm.report.dicom.presentation import presentation_state
from mmbm.report.dicom.structured import structured_report
from mmbm.report.form import CaseReport
from mmbm.report.key_image import KeyImage
from mmbm.text import sentence

__all__ = ["DicomExport", "objects"]


@dataclass(frozen=True, eq=False)
class DicomExport:
    """The objects of one report; all of them stand in the film's study."""

    report: Dataset  # Comprehensive SR, TID 1500
    map: Dataset | None  # Secondary Capture: the film with the map; None where there is none
    presentation: Dataset | None  # Grayscale Softcopy Presentation State; None on a colour film
    film: Dataset | None  # that they refer to, where it is new; None: it lies in the archive

    def __iter__(self) -> Iterator[Dataset]:
        return (each for _, each in self.named())

    def named(self) -> list[tuple[str, Dataset]]:
        """The objects with a name for a file of each."""
        each = (
            ("film", self.film),
            ("map", self.map),
            ("presentation", self.presentation),
            ("report", self.report),
        )
        return [(f"{name}.dcm", dataset) for name, dataset in each if dataset is not None]

    def file(self, name: str) -> bytes:
        """One of the objects as a file. Raises KeyError for another name."""
        return part10(dict(self.named())[name])

    def zipped(self) -> bytes:
        """All objects as files of one ZIP archive."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, dataset in self.named():
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                archive.writestr(entry, part10(dataset), zipfile.ZIP_DEFLATED)
        return packed.getvalue()


def part10(dataset: Dataset) -> bytes:
    """A dataset as a file (PS3.10)."""
    quote_nothing()
    written = io.BytesIO()
    dataset.save_as(written, enforce_file_format=True)
    return written.getvalue()


def objects(
    report: CaseReport,
    picture: Picture,
    key: KeyImage | None,
    *,
    source: Dataset | None,
    identified: bool,
    made: datetime,
) -> DicomExport:
    """Put a report into the study of ``source``, the film as it was given, or of a new film.

    De-identified objects go with a film that is de-identified too. Raises InputError where the
    source is another film than the one that was read, ConfigError without the extra "privacy".
    """
    quote_nothing()
    maker = Maker(report, made if identified else None)
    if source is not None and source.get("SOPInstanceUID") != picture.study.instance_uid:
        raise InputError(sentence("report.dicom.other_film"))
    new: Dataset | None = None
    if source is not None and not identified:
        from mmbm.privacy import deidentified

        new = deidentified(source)
        film = given_film(new, picture)
    elif source is not None:
        film = given_film(source, picture)
    else:
        named = named_film(picture) if identified else None
        film = named if named is not None else made_film(picture, maker)
        new = film if named is None else None
    state = None
    if film.SamplesPerPixel == 1:
        state = presentation_state(film, picture, maker, turned=film is not new)
    mapped = None
    if key is not None and key.mapped is not None:
        mapped = captured_map(film, picture, key, maker)
    others = [each for each in (mapped, state) if each is not None]
    told = structured_report(film, picture, others, maker)
    if not identified:
        for each in (*others, told):
            mark_deidentified(each)
    return DicomExport(told, mapped, state, new)
