"""The archive of a configuration, spoken to as it says."""

from __future__ import annotations

from mmbm.archive.config import ArchiveConfig
from mmbm.archive.dimse import DicomArchive
from mmbm.archive.query import Archive
from mmbm.archive.web import WebArchive
from mmbm.config import Limits

__all__ = ["for_pulling", "for_sending"]


def for_pulling(config: ArchiveConfig, limits: Limits | None = None) -> Archive:
    """What studies are found and fetched by."""
    limits = limits or Limits()
    if config.pull == "dicomweb":
        return WebArchive(config, limits)
    return DicomArchive(config, limits, config.pull)


def for_sending(config: ArchiveConfig) -> Archive:
    """What results are sent by."""
    if config.send == "dicomweb":
        return WebArchive(config, Limits())
    return DicomArchive(config, Limits())
