"""How a film lies and from where it was taken, as its header says (PS3.3 C.7.6.1.1.1, C.8.11.5).

A frontal film stands upright and is seen from the front when its rows run to the patient's left
and its columns to the feet: Patient Orientation ``L\\F``.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from mmbm.io.attributes import OfFrame, code, numbers, sequence, words
from mmbm.text import Sentence, sentence

__all__ = ["Turn", "find_turn", "is_lateral", "view"]

_AXES = {"L": 0, "R": 0, "A": 1, "P": 1, "H": 2, "F": 2}
# Of a row or column as direction cosines: the axes point to left, posterior and head.
_POSITIVE, _NEGATIVE = ("L", "P", "H"), ("R", "A", "F")
_LATERAL_WORD = re.compile(
    r"(?<![A-Z])(?:[LR][\s_-]*)?LAT(?:ERAL(?!IT)\w*|ERO)?(?:[\s_-]*[LR])?(?![A-Z])"
    r"|(?<![A-Z])(?:LL|RL|LLAT|RLAT|LATL|LATR|LLO|RLO|PROFIL\w*|PERFIL|SEITLICH\w*|SEITE)(?![A-Z])"
    r"|侧位|側位|側面|측면|БОК"
)
_FRONTAL_WORD = re.compile(
    r"(?<![A-Z])(?:A\.?P|P\.?A|FRONTAL\w*|POSTERO[\s-]*ANTERIOR|ANTERO[\s-]*POSTERIOR)"
    r"(?![A-Z])|正位|后前位|後前位|前后位"
)
_NOT_LATERAL = re.compile(r"DECUB|LATERALITY|BILAT|UNILAT|COLLAT|卧位")
# View codes of PS3.16 CID 4010.
_LATERAL_CODES = {
    *("R-102CD", "R-10228", "R-10232", "R-10236", "G-A145"),  # SNOMED RT
    *("399067008", "399173006", "399198007", "399352003", "30730003"),  # SNOMED CT
}
_FRONTAL_CODES = {
    "R-10206": "AP",
    "399348003": "AP",
    "R-10214": "PA",
    "R-40888": "PA",
    "272479007": "PA",
}

Pixel = TypeVar("Pixel", bound=np.generic)


class Turn(NamedTuple):
    """What brings a stored film upright: transpose first, then mirror, then turn upside down."""

    transposed: bool = False
    mirrored: bool = False
    flipped: bool = False
    along: tuple[str, str] = ("", "")  # where rows and columns run once upright, where known
    cautions: tuple[Sentence, ...] = ()

    def __call__(self, film: NDArray[Pixel]) -> NDArray[Pixel]:
        """(height, width) as stored -> upright, (width, height) where it was transposed."""
        film = film.T if self.transposed else film
        film = film[:, ::-1] if self.mirrored else film
        return np.ascontiguousarray(film[::-1] if self.flipped else film)

    @property
    def name(self) -> str:
        """The steps in words; blank where there are none."""
        return " and ".join(step.replace("_", " ") for step in self._steps)

    @property
    def _steps(self) -> tuple[str, ...]:
        taken = {
            "transposed": self.transposed,
            "mirrored": self.mirrored,
            "upside_down": self.flipped,
        }
        return tuple(step for step, is_taken in taken.items() if is_taken)

    def told(self, direction: Sentence) -> Sentence:
        """That the film was turned, from this direction of its rows and columns."""
        steps = tuple(sentence(f"io.dicom.turn.{step}") for step in self._steps)
        return sentence("io.dicom.turned", turn=steps, direction=direction)


def find_turn(dataset: Any, of: OfFrame) -> Turn:
    """What the header's orientation asks for, and what is to be said of it."""
    rows, columns = directions(of)
    if not rows and not columns:
        return Turn()
    named = _direction(rows, columns)
    if not rows or not columns or _AXES[rows] == _AXES[columns]:
        return Turn(cautions=(sentence("io.dicom.orientation_impossible", direction=named),))
    cosines = _by_cosines(of)
    if any(cosines) and cosines != (rows, columns):
        other = _direction(*cosines)
        two_ways = sentence("io.dicom.orientation_two_ways", direction=named, other=other)
        return Turn(cautions=(two_ways,))
    axes = {_AXES[rows], _AXES[columns]}
    if 2 not in axes:  # neither side runs along the body: no chest film lies so
        said = sentence("io.dicom.orientation_along_body", direction=named)
        doubtful = code(dataset, "Modality") in ("CR", "DX", "DR")
        return Turn(cautions=(said,)) if doubtful else Turn(along=(rows, columns))
    transposed = _AXES[rows] == 2
    across, down = (columns, rows) if transposed else (rows, columns)
    turn = Turn(transposed, across == "R", down == "H", _upright(across, down))
    says = []
    if turn.name:
        says.append(turn.told(named))
    if 1 in axes and (seen := view(dataset)) in ("PA", "AP"):
        says.append(sentence("io.dicom.orientation_lateral", view=seen, direction=named))
    if axes == {0, 2} and _says_lateral(dataset):
        says.append(sentence("io.dicom.orientation_frontal", direction=named))
    return turn._replace(cautions=tuple(says))


def _upright(across: str, down: str) -> tuple[str, str]:
    """Where rows and columns run after the turn that brings a chest film upright."""
    return ("L" if across == "R" else across), ("F" if down == "H" else down)


def directions(of: OfFrame) -> tuple[str, str]:
    """Where rows and columns run: L, R, A, P, H or F each; blank where the header is silent."""
    by_letters, by_cosines = _by_letters(of), _by_cosines(of)
    return by_letters if any(by_letters) else by_cosines


def _by_letters(of: OfFrame) -> tuple[str, str]:
    parts = re.split(r"[\s\\]+", words(of.orientation, "PatientOrientation"))
    if len(parts) < 2:
        return "", ""
    row, column = (re.sub("[^LRAPHF]", "", part)[:1] for part in parts[:2])
    return row, column


def _by_cosines(of: OfFrame) -> tuple[str, str]:
    cosines = numbers(of.orientation, "ImageOrientationPatient")
    if len(cosines) != 6:
        return "", ""
    row, column = (_along(cosines[:3]), _along(cosines[3:]))
    # cosines of a projection are often left at those of an axial slice: they tell nothing then
    return (row, column) if {row, column} & {"H", "F"} else ("", "")


def _along(cosines: list[float]) -> str:
    axis = int(np.argmax(np.abs(cosines)))
    return (_POSITIVE if cosines[axis] > 0 else _NEGATIVE)[axis]


def view(dataset: Any) -> str:
    """The view as a code; blank where the file does not say."""
    found = code(dataset, "ViewPosition")
    for item in sequence(dataset, "ViewCodeSequence")[:1]:
        meaning = words(item, "CodeMeaning")
        named = _FRONTAL_CODES.get(words(item, "CodeValue"), "")
        if re.search(r"POSTERO[\s-]*ANTERIOR|\bPA\b", meaning):
            named = "PA"
        elif re.search(r"ANTERO[\s-]*POSTERIOR|\bAP\b", meaning):
            named = "AP"
        found = found or named or code(item, "CodeMeaning")
    return found


def is_lateral(dataset: Any, of: OfFrame) -> bool:
    """Whether orientation, view code, view position or description say that the view is lateral."""
    row, column = directions(of)
    if row and column and {_AXES[row], _AXES[column]} == {1, 2}:
        return True
    return _says_lateral(dataset)


def _says_lateral(dataset: Any) -> bool:
    for item in sequence(dataset, "ViewCodeSequence"):
        if words(item, "CodeValue") in _LATERAL_CODES or _names_lateral(words(item, "CodeMeaning")):
            return True
    position = words(dataset, "ViewPosition")
    if position:
        return _names_lateral(position)
    # a description may name all views of a study; what lies nearest to the picture counts
    for keyword in (
        "AcquisitionDeviceProcessingDescription",
        "SeriesDescription",
        "ProtocolName",
        "PerformedProcedureStepDescription",
        "StudyDescription",
    ):
        text = words(dataset, keyword)
        if _names_lateral(text) or _FRONTAL_WORD.search(text):
            return _names_lateral(text)
    return False


def _names_lateral(text: str) -> bool:
    """Whether a text names a lateral view and no frontal one."""
    return bool(
        _LATERAL_WORD.search(text)
        and not _NOT_LATERAL.search(text)
        and not _FRONTAL_WORD.search(text)
    )


def _direction(rows: str, columns: str) -> Sentence:
    return sentence("io.dicom.direction", rows=rows or "?", columns=columns or "?")
