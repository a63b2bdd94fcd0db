"""Where the archive is and how it is spoken to: one TOML file.

A password never stands in it: :data:`USER` and :data:`PASSWORD` name variables of the environment.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from mmbm.config import Name, Settings
from mmbm.errors import ConfigError
from mmbm.text import sentence

__all__ = ["PASSWORD", "USER", "ArchiveConfig", "Dicom", "Tls", "Web", "read_config"]

USER, PASSWORD = "MMBM_ARCHIVE_USER", "MMBM_ARCHIVE_PASSWORD"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _title(title: str) -> str:
    """An application entity title, PS3.5 section 6.2."""
    if not title.isascii() or not title.isprintable() or title != title.strip() or "\\" in title:
        raise ValueError(sentence("archive.config.title"))
    return title


def _web_address(url: str) -> str:
    """https, or http to this very machine: a password and a patient's data go there."""
    parts = urlsplit(url)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    if url and (parts.username or not parts.hostname or not (parts.scheme == "https" or plain)):
        raise ValueError(sentence("archive.config.url"))
    return url.rstrip("/")


Title = Annotated[str, Field(min_length=1, max_length=16), AfterValidator(_title)]
Port = Annotated[int, Field(ge=1, le=65535)]
Url = Annotated[str, Field(max_length=500), AfterValidator(_web_address)]


class Tls(Settings):
    """Files in PEM. Without `ca` the certificates of the system count."""

    on: bool = False
    """Whether the DICOM connection is encrypted; a DICOMweb address says so itself."""
    ca: Path | None = None
    """Who signs the archive's certificate."""
    certificate: Path | None = None
    """This machine's own, where the archive asks for one."""
    key: Path | None = None
    """The key of `certificate`."""


class Dicom(Settings):
    """The archive by the DICOM protocol."""

    host: str = Field(default="", max_length=255)
    """Name or address of the archive; empty: it is spoken to by DICOMweb alone."""
    port: Port = 104
    """Its port."""
    title: Title = "ORTHANC"
    """Its application entity title."""
    own_title: Title = "MMBM"
    """This program's title, as the archive knows it."""
    own_address: str = Field(default="127.0.0.1", max_length=255)
    """At which address of this machine pictures are received (C-MOVE, C-STORE)."""
    own_port: Port = 11112
    """At which port."""


class Web(Settings):
    """The archive by DICOMweb."""

    url: Url = ""
    """Where its services begin, such as `https://archive.example/dicom-web`; empty: none."""


class ArchiveConfig(Settings):
    """One archive."""

    pull: Literal["dicomweb", "c-get", "c-move"] = "dicomweb"
    """How studies are found and fetched."""
    send: Literal["dicomweb", "c-store"] = "dicomweb"
    """How results are sent back."""
    store: Path = Path("cases")
    """The folder of the stored cases."""
    source: Name = "archive"
    """What the store calls these cases' source."""
    send_unread: bool = False
    """Whether results go back before somebody has read the case."""
    outbox: Path = Path("outbox")
    """The folder in which results wait until the archive holds them."""
    inbox: Path | None = None
    """The watched folder; the archive's own sending (C-STORE) lands there too."""
    notes: Path | None = None
    """A folder of `<accession number>.txt`, or a CSV with the columns `accession` and `notes`."""
    most_studies: int = Field(default=100, ge=1, le=10_000)
    """Studies that one query may bring."""
    most_pictures: int = Field(default=20, ge=1, le=500)
    """Pictures of one study that are looked at."""
    timeout: float = Field(default=30.0, gt=0, le=600)
    """Seconds that the archive may be silent."""
    settled: float = Field(default=5.0, ge=0, le=3600)
    """Seconds without a further picture until a watched study counts as whole."""
    dicom: Dicom = Dicom()
    """DICOM."""
    web: Web = Web()
    """DICOMweb."""
    tls: Tls = Tls()
    """Encryption."""


def read_config(path: Path) -> ArchiveConfig:
    """Read the file; its folders are relative to where it lies.

    Raises: ConfigError naming the setting at fault.
    """
    config = ArchiveConfig.read(path)
    if "dicomweb" in (config.pull, config.send) and not config.web.url:
        raise ConfigError(sentence("archive.config.no_url"))
    if (config.pull != "dicomweb" or config.send != "dicomweb") and not config.dicom.host:
        raise ConfigError(sentence("archive.config.no_host"))
    if (config.tls.certificate is None) != (config.tls.key is None):
        raise ConfigError(sentence("archive.config.half_a_key"))
    beside = path.resolve().parent
    folders = {
        name: beside / folder
        for name in ("store", "outbox", "inbox", "notes")
        if (folder := getattr(config, name)) is not None
    }
    files = {
        name: beside / file
        for name in ("ca", "certificate", "key")
        if (file := getattr(config.tls, name)) is not None
    }
    return config.model_copy(update={**folders, "tls": config.tls.model_copy(update=files)})


def client_context(tls: Tls) -> ssl.SSLContext:
    """For connections to the archive. Raises ConfigError where a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.certificate and tls.key:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as exc:
        raise ConfigError(sentence("archive.config.certificate")) from exc
    return context


def server_context(tls: Tls) -> ssl.SSLContext:
    """For connections from the archive; it must show a certificate too where `ca` is given.

    Raises: ConfigError where a file cannot be used, or none is given.
    """
    if not (tls.certificate and tls.key):
        raise ConfigError(sentence("archive.config.no_certificate"))
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tls.ca)
        context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as exc:
        raise ConfigError(sentence("archive.config.certificate")) from exc
    if tls.ca:
        context.verify_mode = ssl.CERT_REQUIRED
    return context
