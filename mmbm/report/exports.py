"""The exports of one case: ``to_json``, ``to_pdf``, ``to_dicom``, ``to_fhir``.

All are de-identified unless ``identified`` is asked for: without it no name, number, day or free
text of the patient's or the reader's is in them. ``made`` is the time that an identified export
states, by default now.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from mmbm.analysis import Analysis
from mmbm.case import Case
from mmbm.errors import ConfigError, MMBMError, NoSignal
from mmbm.reading import Reading
from mmbm.report.form import CaseReport
from mmbm.report.key_image import key_image
from mmbm.report.of_case import case_report, picture_of, without_names
from mmbm.text import Language, sentence

if TYPE_CHECKING:
    from pydicom import Dataset

    from mmbm.report.dicom.objects import DicomExport

__all__ = ["Format", "in_own_study", "refusal", "to_dicom", "to_fhir", "to_json", "to_pdf"]

Format = Literal["json", "pdf", "dicom", "fhir"]


def refusal(kind: Format, analysis: Analysis, language: Language = "en") -> MMBMError | None:
    """Why a format cannot be made of this case here; None where it can."""
    if kind == "json":
        return None
    if not all(find_spec(package) for package in ("fpdf", "highdicom", "fhir")):
        return _not_installed()
    if kind == "dicom" and picture_of(analysis.case) is None:
        return NoSignal(sentence("report.dicom.no_picture"))
    if kind == "pdf" and language == "zh":
        from mmbm.report.pdf.fonts import chinese_face

        try:
            if chinese_face() is None:
                return ConfigError(sentence("report.font_missing"))
        except ConfigError as refused:
            return refused
    return None


def in_own_study(case: Case) -> bool:
    """Whether an identified ``to_dicom`` without ``source`` stands in the study of the case's film.

    Where the header does not name the film by valid identifiers, it stands in a new study of a
    patient of whom nothing is said.

    Raises
    ------
    ConfigError
        The extra "report" is not installed.
    """
    with _extra():
        from mmbm.report.dicom.film import named_film
    picture = picture_of(case)
    return picture is not None and named_film(picture) is not None


def to_json(analysis: Analysis, reading: Reading | None = None, *, identified: bool = False) -> str:
    """The published form, as ``mmbm/report/schema.json`` describes it."""
    return _report(analysis, reading, identified).model_dump_json(indent=2)


def to_pdf(
    analysis: Analysis,
    reading: Reading | None = None,
    *,
    language: Language = "en",
    finding: str | None = None,
    identified: bool = False,
    made: datetime | None = None,
) -> bytes:
    """One A4 page for a clinician, with the account and the map of a finding, by default the first.

    Raises
    ------
    ConfigError
        The extra "report" or, for Chinese, a font is not installed.
    """
    with _extra():
        from mmbm.report.pdf.page import page
    about = finding or analysis.findings[0]
    notes = analysis.case.notes
    return page(
        _report(analysis, reading, identified),
        key_image(analysis, about),
        about,
        language=language,
        identified=identified,
        made=(made or datetime.now(UTC)) if identified else None,
        question=notes.text if identified and notes is not None else "",
    )


def to_dicom(
    analysis: Analysis,
    reading: Reading | None = None,
    *,
    source: Dataset | None = None,
    finding: str | None = None,
    identified: bool = False,
    made: datetime | None = None,
) -> DicomExport:
    """A structured report (TID 1500), the map as a Secondary Capture, and a presentation state.

    They stand in the study of the film: an identified export of a DICOM film in its own study, any
    other in a new one with a copy of the film. ``source`` is the film's dataset as it was given;
    without it the objects name the patient by his number alone.

    Raises
    ------
    NoSignal
        The case has no film.
    InputError
        ``source`` is another film than the one that was read.
    ConfigError
        The extra "report" or, for a ``source`` to de-identify, "privacy" is not installed.
    """
    with _extra():
        from mmbm.report.dicom.objects import objects
    picture = picture_of(analysis.case)
    if picture is None:
        raise NoSignal(sentence("report.dicom.no_picture"))
    return objects(
        _report(analysis, reading, identified),
        picture,
        key_image(analysis, finding or analysis.findings[0]),
        source=source,
        identified=identified,
        made=made or datetime.now(UTC),
    )


def to_fhir(
    analysis: Analysis,
    reading: Reading | None = None,
    *,
    identified: bool = False,
    made: datetime | None = None,
) -> str:
    """A FHIR R4 Bundle in JSON: DiagnosticReport, Observations, Device, Provenance.

    Raises
    ------
    ConfigError
        The extra "report" is not installed.
    """
    with _extra():
        from mmbm.report.fhir.bundle import bundle
    moment = (made or datetime.now(UTC)) if identified else None
    return bundle(_report(analysis, reading, identified), moment).model_dump_json(indent=2)


def _report(analysis: Analysis, reading: Reading | None, identified: bool) -> CaseReport:
    told = reading if identified else without_names(reading)
    return case_report(analysis, told, identified=identified)


@contextmanager
def _extra() -> Iterator[None]:
    """Import what the extra "report" installs. Raises ConfigError where it is not installed."""
    try:
        yield
    except ModuleNotFoundError as exc:
        raise _not_installed() from exc


def _not_installed() -> ConfigError:
    return ConfigError(sentence("report.not_installed"))
