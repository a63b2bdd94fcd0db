"""An archive by the DICOM protocol: C-FIND, C-GET, C-MOVE and C-STORE (PS3.4), with ``pynetdicom``.

No file that arrives is parsed here: its bytes go on as they were sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from mmbm.archive.config import ArchiveConfig, client_context
from mmbm.archive.query import FoundSeries, FoundStudy, Query, day_of, is_uid
from mmbm.archive.receive import Bounds, Receiver, films_and_syntaxes, taken_in
from mmbm.archive.wanted import Declined, installed, modality_term
from mmbm.config import Limits
from mmbm.errors import ArchiveError
from mmbm.text import sentence

if TYPE_CHECKING:
    from pydicom import Dataset
    from pynetdicom.association import Association

__all__ = ["DicomArchive"]

_FIND = "1.2.840.10008.5.1.4.1.2.2.1"  # Study Root Query/Retrieve: FIND, MOVE, GET
_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
_GET = "1.2.840.10008.5.1.4.1.2.2.3"
_PENDING, _DONE = (0xFF00, 0xFF01), 0x0000
_WARNINGS = (0xB000, 0xB006, 0xB007)  # stored, with something to be said
_FULL = range(0xA700, 0xA800)  # out of resources: the archive's own trouble
_MOST_ANSWERS = 10_000  # of one search


class DicomArchive:
    """``how`` a study is fetched. Raises ConfigError where the extra is not installed."""

    def __init__(
        self, config: ArchiveConfig, limits: Limits, how: Literal["c-get", "c-move"] = "c-get"
    ) -> None:
        installed("pynetdicom")
        self._config, self._limits, self._how = config, limits, how

    def studies(self, query: Query) -> list[FoundStudy]:
        """C-FIND for studies."""
        asked = _level("STUDY")
        asked.StudyInstanceUID, asked.AccessionNumber = query.study_uid, query.accession
        asked.PatientID, asked.StudyDate = query.patient_id, query.days
        found = [
            FoundStudy(
                study_uid=_text(each, "StudyInstanceUID"),
                accession=_text(each, "AccessionNumber"),
                patient_id=_text(each, "PatientID"),
                taken=day_of(_text(each, "StudyDate")),
            )
            for each in self._find(asked, self._config.most_studies + 1)
        ]
        return [study for study in found if is_uid(study.study_uid)]

    def series(self, study: FoundStudy) -> list[FoundSeries]:
        """C-FIND for series."""
        asked = _level("SERIES")
        asked.StudyInstanceUID, asked.SeriesInstanceUID = study.study_uid, ""
        asked.Modality = ""
        found = [
            FoundSeries(_text(each, "SeriesInstanceUID"), modality_term(_text(each, "Modality")))
            for each in self._find(asked, _MOST_ANSWERS)
        ]
        return [series for series in found if is_uid(series.series_uid)]

    def fetch(self, study: FoundStudy, series: FoundSeries) -> Iterator[bytes]:
        """C-GET, or C-MOVE to this machine, of one series."""
        asked = _level("SERIES")
        asked.StudyInstanceUID, asked.SeriesInstanceUID = study.study_uid, series.series_uid
        files: list[bytes] = []
        bounds = Bounds(self._limits.file_bytes, self._config.most_pictures + 1)
        if self._how == "c-get":
            self._get(asked, files, bounds)
        else:
            self._move(asked, files, bounds)
        yield from files

    def keep(self, content: bytes) -> None:
        """C-STORE of one file of this program's own."""
        from pydicom import dcmread
        from pynetdicom.presentation import build_context

        dataset = dcmread(BytesIO(content))
        context = build_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
        with self._associated([context]) as association:
            if not association.accepted_contexts:
                raise Declined(sentence("archive.declined"))
            status = _status(association.send_c_store(dataset))
        if status in _FULL:
            raise ArchiveError(sentence("archive.status", status=f"{status:04X}"))
        if status != _DONE and status not in _WARNINGS:
            raise Declined(sentence("archive.declined"))

    def _find(self, asked: Dataset, most: int) -> list[Dataset]:
        from pynetdicom.presentation import build_context

        found: list[Dataset] = []
        with self._associated([build_context(_FIND)]) as association:
            for answer, identifier in association.send_c_find(asked, _FIND):
                status = _status(answer)
                if status in _PENDING and identifier is not None:
                    found.append(identifier)
                if len(found) >= most or status not in (*_PENDING, _DONE):
                    break
            else:
                return found
            association.abort()
        if len(found) < most:
            raise ArchiveError(sentence("archive.status", status=f"{status:04X}"))
        return found

    def _get(self, asked: Dataset, files: list[bytes], bounds: Bounds) -> None:
        from pynetdicom import build_role
        from pynetdicom.presentation import build_context

        films = films_and_syntaxes()
        contexts = [build_context(_GET)]
        contexts += [build_context(film, syntax) for film, syntaxes in films for syntax in syntaxes]
        roles = [build_role(film, scp_role=True) for film, _ in films]
        events = taken_in(files.append, bounds)
        with self._associated(contexts, ext_neg=roles, evt_handlers=events) as association:
            for answer, _ in association.send_c_get(asked, _GET):
                _check(answer, bounds)

    def _move(self, asked: Dataset, files: list[bytes], bounds: Bounds) -> None:
        from pynetdicom.presentation import build_context

        with (
            Receiver(self._config, files.append, bounds),
            self._associated([build_context(_MOVE)]) as association,
        ):
            to = self._config.dicom.own_title
            for answer, _ in association.send_c_move(asked, to, _MOVE):
                _check(answer, bounds)

    @contextmanager
    def _associated(self, contexts: list[Any], **options: Any) -> Iterator[Association]:
        """An association that is released at the end. Raises ArchiveError."""
        from pynetdicom import AE

        at = self._config.dicom
        entity = AE(at.own_title)
        entity.acse_timeout = entity.network_timeout = self._config.timeout
        entity.dimse_timeout = entity.connection_timeout = self._config.timeout
        if self._config.tls.on:
            options["tls_args"] = (client_context(self._config.tls), at.host)
        try:
            association = entity.associate(at.host, at.port, contexts, ae_title=at.title, **options)
        except (OSError, RuntimeError, ValueError) as exc:
            raise ArchiveError(sentence("archive.unreachable")) from exc
        try:
            if not association.is_established:
                refused = association.is_rejected
                raise ArchiveError(
                    sentence("archive.rejected" if refused else "archive.unreachable")
                )
            yield association
        except (OSError, RuntimeError, ValueError) as exc:  # it broke off, or is not spoken
            raise ArchiveError(sentence("archive.broke_off")) from exc
        finally:
            if association.is_established:
                association.release()


def _check(answer: Dataset, bounds: Bounds) -> None:
    """Raises Declined, TooLarge where a retrieval did not bring everything."""
    bounds.check()
    status = _status(answer)
    if status not in (*_PENDING, _DONE) and not bounds.full:
        raise Declined(sentence("archive.status", status=f"{status:04X}"))


def _status(answer: Dataset) -> int:
    """The status of an answer; an empty one means that the connection broke off."""
    if "Status" not in answer:
        raise ArchiveError(sentence("archive.broke_off"))
    return int(answer.Status)


def _level(level: str) -> Dataset:
    from pydicom import Dataset

    asked = Dataset()
    asked.QueryRetrieveLevel = level
    return asked


def _text(found: Dataset, keyword: str) -> str:
    """A short value of an answer; blank where it is absent, repeated or cannot be read."""
    try:
        return str(found.get(keyword) or "").strip()[:64]
    except (ValueError, TypeError, AttributeError, LookupError):
        return ""
