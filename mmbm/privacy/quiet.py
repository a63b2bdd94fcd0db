"""Warnings of the DICOM libraries, which quote names and numbers of patients, are said nowhere."""

from __future__ import annotations

import logging
import warnings

__all__ = ["quote_nothing"]

_LIBRARIES = ("highdicom", "pydicom", "pynetdicom")


def quote_nothing() -> None:
    """Call before a dataset of a patient is handled; it holds for the process."""
    # no context manager: one thread's end would let another's warnings out
    warnings.filterwarnings("ignore", module=rf"({'|'.join(_LIBRARIES)})(\.|$)")
    for library in _LIBRARIES:
        logger = logging.getLogger(library)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
