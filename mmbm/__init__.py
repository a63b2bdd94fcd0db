"""MMBM: assisted diagnosis that shows its reasons. Research use, not a medical device.

>>> import mmbm
>>> analysis = mmbm.analyse(mmbm.read_case(notes="Fever and a productive cough. Crackles."))
>>> analysis.findings
('pneumonia', 'no_finding', 'viral')
>>> analysis.prediction.findings[0].probability > 0.5
True

What stands here is public: ``read_case`` makes a :class:`Case`, ``load`` a :class:`Predictor`,
``analyse`` an :class:`Analysis`; ``case_report`` puts one into its published form.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmbm.analysis import Analysis, analyse
    from mmbm.case import Case
    from mmbm.errors import (
        ArchiveError,
        Cancelled,
        ConfigError,
        InputError,
        ManifestError,
        MMBMError,
        ModelError,
        ModelNotFound,
        ModelTampered,
        NoSignal,
        OutOfMemory,
        StoreDamaged,
        StoreError,
        TooLarge,
        UnreadableFile,
        UnsupportedFile,
    )
    from mmbm.io import read_case
    from mmbm.predict import Predictor, load
    from mmbm.report import CaseReport, case_report

__version__ = "0.1.0"
__all__ = [
    "Analysis",
    "ArchiveError",
    "Cancelled",
    "Case",
    "CaseReport",
    "ConfigError",
    "InputError",
    "MMBMError",
    "ManifestError",
    "ModelError",
    "ModelNotFound",
    "ModelTampered",
    "NoSignal",
    "OutOfMemory",
    "Predictor",
    "StoreDamaged",
    "StoreError",
    "TooLarge",
    "UnreadableFile",
    "UnsupportedFile",
    "analyse",
    "case_report",
    "load",
    "read_case",
]

_ELSEWHERE = {  # imported when first asked for, so that "mmbm --help" need not wait for torch
    "Analysis": "analysis",
    "Case": "case",
    "CaseReport": "report",
    "Predictor": "predict",
    "analyse": "analysis",
    "case_report": "report",
    "load": "predict",
    "read_case": "io",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'mmbm' has no attribute '{name}'")
    return getattr(import_module(f"mmbm.{_ELSEWHERE.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
