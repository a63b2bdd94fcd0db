"""An archive by DICOMweb: QIDO-RS, WADO-RS and STOW-RS (PS3.18), with ``dicomweb-client``.

The session reaches the configured address alone: no redirect, no proxy and no bulk data elsewhere.
No file is parsed here, and no answer is read past the limit.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

from mmbm.archive.config import PASSWORD, USER, ArchiveConfig
from mmbm.archive.query import FoundSeries, FoundStudy, Query, day_of, is_uid
from mmbm.archive.wanted import Declined, installed, modality_term
from mmbm.config import Limits
from mmbm.errors import ArchiveError, TooLarge
from mmbm.text import sentence

if TYPE_CHECKING:
    import requests
    from dicomweb_client import DICOMwebClient

__all__ = ["WebArchive"]

_ANSWER_BYTES = 16 * 2**20  # of a search
_ROOM = 2**20  # around one file: the parts of a multipart answer
_AT_ONCE = 2**31  # a file is sent in one piece
_STUDY, _ACCESSION, _PATIENT, _DAY = "0020000D", "00080050", "00100020", "00080020"
_SERIES, _MODALITY, _INSTANCE = "0020000E", "00080060", "00080018"
# of one file; anything else is the archive's own trouble
_DECLINED = {400, 404, 406, 409, 410, 415, 422}


class WebArchive:
    """Raises ConfigError where the extra is not installed."""

    def __init__(self, config: ArchiveConfig, limits: Limits) -> None:
        installed("dicomweb_client", "retrying", "urllib3")
        self._config, self._limits = config, limits

    def studies(self, query: Query) -> list[FoundStudy]:
        """QIDO-RS for studies."""
        asked = {"AccessionNumber": query.accession, "StudyInstanceUID": query.study_uid}
        asked |= {"PatientID": query.patient_id, "StudyDate": query.days}
        with self._client(_ANSWER_BYTES) as client:
            answer = _listed(
                client.search_for_studies(
                    search_filters={keyword: value for keyword, value in asked.items() if value},
                    limit=self._config.most_studies + 1,
                )
            )
        found = [
            FoundStudy(
                study_uid=_first(each, _STUDY),
                accession=_first(each, _ACCESSION),
                patient_id=_first(each, _PATIENT),
                taken=day_of(_first(each, _DAY)),
            )
            for each in answer
        ]
        return [study for study in found if is_uid(study.study_uid)]

    def series(self, study: FoundStudy) -> list[FoundSeries]:
        """QIDO-RS for series."""
        with self._client(_ANSWER_BYTES) as client:
            answer = _listed(client.search_for_series(study.study_uid))
        found = [
            FoundSeries(_first(each, _SERIES), modality_term(_first(each, _MODALITY)))
            for each in answer
        ]
        return [series for series in found if is_uid(series.series_uid)]

    def fetch(self, study: FoundStudy, series: FoundSeries) -> Iterator[bytes]:
        """WADO-RS, one file at a time."""
        with self._client(_ANSWER_BYTES) as client:
            answer = _listed(client.search_for_instances(study.study_uid, series.series_uid))
        uids = [uid for each in answer if is_uid(uid := _first(each, _INSTANCE))]
        for uid in uids[: self._config.most_pictures + 1]:
            with self._client(self._limits.file_bytes + _ROOM) as client:
                yield from _file(client, study.study_uid, series.series_uid, uid)

    def keep(self, content: bytes) -> None:
        """STOW-RS of one file of this program's own, into its study."""
        from pydicom import dcmread

        dataset = dcmread(BytesIO(content))
        with self._client(_ANSWER_BYTES) as client:
            answer = client.store_instances([dataset], dataset.StudyInstanceUID)
        if answer.get("FailedSOPSequence"):
            raise Declined(sentence("archive.declined"))

    @contextmanager
    def _client(self, most: int) -> Iterator[DICOMwebClient]:
        """For one call. Raises ArchiveError, Declined, TooLarge."""
        import requests
        from dicomweb_client import DICOMwebClient

        with _session(self._config, most) as session:
            try:
                client = DICOMwebClient(
                    self._config.web.url,
                    session=session,
                    chunk_size=_AT_ONCE,
                    permissive_uid=True,
                    timeout=self._config.timeout,
                )
                client.set_http_retry_params(retry=False)  # the outbox tries again itself
                yield client
            except requests.HTTPError as exc:
                status = exc.response.status_code if exc.response is not None else 0
                error = Declined if status in _DECLINED else ArchiveError
                raise error(sentence("archive.web_status", status=status)) from exc
            except (requests.TooManyRedirects, requests.exceptions.InvalidSchema) as exc:
                raise ArchiveError(sentence("archive.elsewhere")) from exc
            except requests.exceptions.SSLError as exc:
                raise ArchiveError(sentence("archive.untrusted")) from exc
            except requests.JSONDecodeError as exc:
                raise ArchiveError(sentence("archive.nonsense")) from exc
            except requests.RequestException as exc:
                raise ArchiveError(sentence("archive.unreachable")) from exc
            except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as exc:
                raise ArchiveError(sentence("archive.nonsense")) from exc


def _session(config: ArchiveConfig, most: int) -> requests.Session:
    """A session that knows one address and reads ``most`` bytes of an answer."""
    import requests
    from requests.adapters import HTTPAdapter

    class Bounded(HTTPAdapter):
        def send(self, *given: Any, **options: Any) -> requests.Response:
            response = super().send(*given, **options)
            response.raw = _Bounded(response.raw, most)
            return response

    session = requests.Session()
    session.trust_env = False  # no proxy, no .netrc
    session.max_redirects = 0
    session.adapters.clear()
    session.mount(config.web.url + "/", Bounded(max_retries=0))
    session.headers["Accept-Encoding"] = "identity"  # nothing that unpacks to more
    if user := os.environ.get(USER):
        session.auth = (user, os.environ.get(PASSWORD, ""))
    if config.tls.ca:
        session.verify = str(config.tls.ca)
    if config.tls.certificate and config.tls.key:
        session.cert = (str(config.tls.certificate), str(config.tls.key))
    return session


class _Bounded:
    """A response's body that ends where the limit is."""

    def __init__(self, raw: Any, most: int) -> None:
        self._raw, self._most = raw, most

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, size: int = 2**16, decode_content: bool | None = None) -> Iterator[bytes]:
        """The body in pieces; it is not decompressed. Raises TooLarge."""
        read = 0
        while piece := self._raw.read(2**20, decode_content=False):
            read += len(piece)
            if read > self._most:
                self._raw.close()
                raise TooLarge(sentence("archive.too_large", megabytes=self._most / 2**20))
            yield piece


def _file(client: DICOMwebClient, study: str, series: str, instance: str) -> Iterator[bytes]:
    """One instance's bytes; the library's own way parses them, which is the sandbox's task."""
    url = f"{client.base_url}/studies/{study}/series/{series}/instances/{instance}"
    accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    response = client._http_get(url, headers={"Accept": accept})
    yield from (bytes(part) for part in client._decode_multipart_message(response, stream=False))


def _listed(answer: object) -> list[Any]:
    """A search's answer. Raises ArchiveError where it is no list."""
    if not isinstance(answer, list):
        raise ArchiveError(sentence("archive.nonsense"))
    return answer


def _first(found: Any, tag: str) -> str:
    """The first value of an attribute in DICOM JSON as text; blank where there is none."""
    value = found.get(tag, {}).get("Value") if isinstance(found, dict) else None
    return str(value[0])[:64] if isinstance(value, list) and value and value[0] is not None else ""
