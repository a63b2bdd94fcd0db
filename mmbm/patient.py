"""Whom a picture and a note are of, whether they can be of one patient, and a picture's study."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from mmbm.text import Sentence, sentence

__all__ = [
    "NOBODY",
    "NO_STUDY",
    "Heading",
    "Patient",
    "Study",
    "disagreements",
    "patient_in_note",
]

# Years between a note and a header that date, rounding and writing can explain.
YEARS_APART, YEARS_APART_CHILD, CHILD = 2.0, 1.0, 6.0

_AGED = re.compile(
    r"\b(\d{1,3})[\s-]*(?:(year|yr|month|week|day)s?[\s-]*(?:old|of\s+age)|([ym])/?o)\b",
    re.IGNORECASE,
)
_OPENING = re.compile(r"\W*(\d{2,3})\s?([MF])\b(?![./'])")  # "58M, cough"
_SEXED = re.compile(  # within three words behind the age
    r"[\s,-]*(?:[^\W\d]+[\s,-]+){0,3}?(man|male|gentleman|boy|m|woman|female|lady|girl|f)\b",
    re.IGNORECASE,
)
_LABELLED_AGE = re.compile(
    r"(?:\bage[d]?\s*[:：]?\s*|年龄\s*[:：]?\s*)(\d{1,3})(?!\d)\s*(个?月|months?)?", re.IGNORECASE
)
_LABELLED_SEX = re.compile(
    r"(?:\b(?:sex|gender)\s*[:：]?\s*|性别\s*[:：]?\s*)(female|male|f\b|m\b|woman|man|女|男)",
    re.IGNORECASE,
)
_RELATIVE = re.compile(  # whose age it is, within three words behind it
    r"[\s,-]*(?:[^\W\d]+[\s,-]+){0,3}?"
    r"(?:mother|father|husband|wife|son|daughter|sister|brother|partner)\b",
    re.IGNORECASE,
)
_CHINESE_AGE = re.compile(
    r"((?:母|父|丈夫|妻|儿子|女儿|祖|奶奶|爷爷|姐|妹|哥|弟)[^。；，,、\n]{0,4}?)?(?<!\d)"
    r"(\d{1,3})\s*(岁|个月|月龄)"
)
_CHINESE_SEX = re.compile(
    r"(?:患者|患儿|病人|病患)[^。；\n]{0,12}?(男|女)|(?:^|[\s，,。；])(男|女)(?:性|童|孩|婴)?[\s，,、]"
    r"|(男|女)(?:性)?[，,\s]*\d{1,3}\s*(?:岁|个月)|\d{1,3}\s*(?:岁|个月)[，,\s]*(?:的)?(男|女)"
)
_NUMBER = re.compile(
    r"(?:\b(?:MRN|patient\s+(?:ID|number|no\.?)|hospital\s+(?:number|no\.?)|NHS\s+(?:number|no\.?)"
    r"|medical\s+record\s+(?:number|no\.?))|病历号|住院号|患者编号|病人号|门诊号)"
    r"\s*[:：#]?\s*([A-Za-z0-9][A-Za-z0-9./ -]{3,20})",
    re.IGNORECASE,
)
_YEARS = {"y": 1.0, "m": 1 / 12, "w": 7 / 365.25, "d": 1 / 365.25}
_NOT_REAL = re.compile(r"ANON|TEST|UNKNOWN|DEIDENT|^[\d]+(?:\.\d+)+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Patient:
    """What tells one patient from another; blank or None where a source is silent."""

    sex: str = ""  # male, female
    years: float | None = None
    identifier: str = field(default="", repr=False)  # never in a message, a log or an export


NOBODY = Patient()


@dataclass(frozen=True, slots=True)
class Study:
    """What PS3.3 C.7.1, C.7.2 and C.12.1 say; blank or None where the header is silent.

    All of them can lead to a patient: none stands in a message, a log or a de-identified export.
    """

    study_uid: str = field(default="", repr=False)  # Study Instance UID
    series_uid: str = field(default="", repr=False)  # Series Instance UID
    instance_uid: str = field(default="", repr=False)  # SOP Instance UID
    class_uid: str = field(default="", repr=False)  # SOP Class UID
    accession: str = field(default="", repr=False)  # Accession Number
    taken: date | None = field(default=None, repr=False)  # of the acquisition, else of the study
    # what a report must repeat to go back into the same study, as it is written (C.7.1.1, C.7.2.1)
    patient_name: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    study_id: str = field(default="", repr=False)
    study_date: str = field(default="", repr=False)
    study_time: str = field(default="", repr=False)
    referring: str = field(default="", repr=False)  # Referring Physician's Name


NO_STUDY = Study()


@dataclass(frozen=True, slots=True)
class Heading:
    """What a DICOM file says it is, without its pixels; codes are blank where it is silent."""

    study: Study = NO_STUDY
    modality: str = ""  # CR, DX, CT, …: a defined term
    body_part: str = ""  # a defined term, of the body part or else of the descriptions
    view: str = ""  # PA, AP, LL, …
    lateral: bool = False
    derived: bool = False  # made from other pictures, or a secondary capture
    for_processing: bool = False  # not meant to be looked at (DX)
    series_number: int = 0
    instance_number: int = 0
    rows: int = 0  # of the picture; 0: it has none


def disagreements(header: Patient, note: str) -> tuple[Sentence, ...]:
    """A sentence for each thing in which a picture's header and a note cannot be of one patient."""
    told = patient_in_note(note)
    says = []
    if header.sex and told.sex and header.sex != told.sex:
        notes, in_header = _sex_in_words(told.sex), _sex_in_words(header.sex)
        says.append(sentence("patient.sex_differs", notes=notes, header=in_header))
    if header.years is not None and told.years is not None:
        apart = YEARS_APART_CHILD if min(header.years, told.years) < CHILD else YEARS_APART
        if abs(header.years - told.years) > apart:
            notes, in_header = _age(told.years), _age(header.years)
            says.append(sentence("patient.age_differs", notes=notes, header=in_header))
    if _differ(header.identifier, told.identifier):
        says.append(sentence("patient.number_differs"))
    return tuple(says)


def patient_in_note(note: str) -> Patient:
    """The patient as the first words of a note that name an age, a sex or a number say."""
    sex, years = "", None
    if opening := _OPENING.match(note):
        years, sex = float(opening[1]), _sex(opening[2])
    elif aged := next(
        (a for a in _AGED.finditer(note) if not _RELATIVE.match(note, a.end())), None
    ):
        years = int(aged[1]) * _YEARS[(aged[2] or aged[3])[0].lower()]
        sexed = _SEXED.match(note, aged.end())
        sex = _sex(sexed[1]) if sexed else ""
    elif labelled := _LABELLED_AGE.search(note):
        years = int(labelled[1]) * (1 / 12 if labelled[2] else 1.0)
    elif chinese := next((age for age in _CHINESE_AGE.finditer(note) if not age[1]), None):
        years = int(chinese[2]) * (1.0 if chinese[3] == "岁" else 1 / 12)
    if labelled := _LABELLED_SEX.search(note):
        sex = _sex(labelled[1])
    elif not sex and (chinese := _CHINESE_SEX.search(note)):
        sex = _sex(next(group for group in chinese.groups() if group))
    number = _NUMBER.search(note)
    return Patient(sex, years, number[1].strip() if number else "")


def _sex(word: str) -> str:
    return "female" if word.lower() in ("female", "f", "woman", "lady", "girl", "女") else "male"


def _sex_in_words(sex: str) -> Sentence:
    return sentence("patient.female" if sex == "female" else "patient.male")


def _age(years: float) -> Sentence:
    if years < 2:
        return sentence("patient.months", count=years * 12)
    return sentence("patient.years", count=years)


def _differ(header: str, note: str) -> bool:
    """Whether two patient numbers are surely not one; a header's stand-in tells nothing."""
    one, other = (re.sub(r"[^A-Z0-9]", "", text.upper()).lstrip("0") for text in (header, note))
    real = any(c.isdigit() for c in one) and any(c.isdigit() for c in other)
    return real and not _NOT_REAL.search(header) and one not in other and other not in one
