"""The coded words of the objects: SNOMED CT and DICOM where they have one, else the program's own.

A code of the program's own has the scheme 99MMBM and, for a value, the name that the JSON uses.
"""

from __future__ import annotations

from highdicom.sr import CodedConcept
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from mmbm.text import name_of, sentence

__all__ = [
    "ANSWER",
    "ANSWERS",
    "BASE",
    "EVIDENCE_MAP",
    "LOGIT",
    "OWN",
    "PROBABILITY",
    "RATIO",
    "READER_ACT",
    "READER_FINAL",
    "READER_FIRST",
    "REASON",
    "STANDING",
    "WARNING",
    "contribution",
    "finding_code",
    "modality_of",
    "own",
]

OWN = "99MMBM"
RATIO = Code("1", "UCUM", "no units")
PROBABILITY = codes.DCM.Probability

FINDINGS = {
    "pneumonia": Code("233604007", "SCT", "Pneumonia"),
    "viral": Code("75570004", "SCT", "Viral pneumonia"),
    "effusion": codes.SCT.PleuralEffusion,
    "pneumothorax": Code("36118008", "SCT", "Pneumothorax"),
    "atelectasis": Code("46621007", "SCT", "Atelectasis"),
}


def own(name: str, meaning: str) -> CodedConcept:
    """A code of the program's own; a meaning has 64 characters at most."""
    return CodedConcept(name, OWN, meaning[:64])


ANSWERS = {  # by the answer of a reader or the model
    "yes": codes.SCT.Yes,
    "no": codes.SCT.No,
    "not sure": codes.SCT.Undetermined,
    "not assessed": own("not_assessed", "Not assessed"),
}
ANSWER = own("answer", "Answer of the model")
STANDING = own("standing", "Standing of the answer")
READER_FIRST = own("reader_first", "Answer before the model")
READER_FINAL = own("reader_final", "Answer of the reader")
READER_ACT = own("reader_act", "Reader beside the model")
EVIDENCE_MAP = own("evidence_map", "Evidence map on film")
BASE = own("base", "Log-odds with nothing given")
LOGIT = own("logit", "Log-odds of the finding")
WARNING = own("warning", "Warning of the program")
REASON = own("reader_reason", "Reason of the reader")
_CONTRIBUTION = "contribution:"


def finding_code(finding: str) -> CodedConcept | Code:
    """What a finding is called."""
    return FINDINGS.get(finding) or own(finding, str(name_of("finding", finding)))


def contribution(modality: str) -> CodedConcept:
    """What a modality added to the log-odds."""
    part = sentence("report.dicom.contribution", part=name_of("modality", modality))
    return own(f"{_CONTRIBUTION}{modality}", str(part))


def modality_of(code: str) -> str | None:
    """The modality of a contribution's code; None for another code."""
    return code.removeprefix(_CONTRIBUTION) if code.startswith(_CONTRIBUTION) else None
