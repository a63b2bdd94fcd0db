"""Reads the files that reproduce public bug reports of this field, each judged by what is right.

    python benchmarks/reported_files.py FOLDER [--model MODEL] [--kind F09] [--all]

FOLDER holds ``index.csv`` (``kind, file, want, situation, ...``; ``file`` relative to it) and the
reference film, notes and recording. ``want`` says what is right: *film* the reference film's
probability within 0.03 and its picture the right way up (a film compressed with loss: that of the
same film as a JPEG file, since the loss alone moves the probability by 0.03); *formula* the grey
values of the DICOM formula, worked out here; *text* the words of the ``.want`` file beside it;
*sound* the reference recording's probability within 0.02; *steady* the reference's probability
although the input differs; *undecided* is not counted; *as it is* was right already. After "or" and
";" comes what else is right or asked for. Prints what is wrong, with ``--all`` every file, and a
count; ends with 1 if more than four are wrong.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbm.branches.image.prepare import shrink
from mmbm.case import Case, Notes, Picture, Sound
from mmbm.errors import InputError
from mmbm.io import read_notes, read_picture, read_sound
from mmbm.predict import Predictor

READERS: dict[str, Callable[[bytes, str], Picture | Notes | Sound]] = {
    "img": read_picture,
    "txt": read_notes,
    "snd": read_sound,
}
FILM, SOUND = "img/ref.dcm", "snd/ref.wav"  # the references
LOSSY_FILM = "img/exif6.jpg"  # the reference film as a JPEG file, right already
LOSSY = "compressed with loss"
EXPLAINED = "the loss moves it"
FILM_NEAR, SOUND_NEAR = 0.03, 0.02  # of the probability of pneumonia
ALIKE = 0.95  # correlation of two pictures, 64 pixels a side
MAY_BE_WRONG = 4
# Sentences that are true of none of these files: they are whole, and give their size.
UNTRUE = re.compile(r"damaged|cut short|no valid|does not state|stopped the program|empty|scanned")
WORDS = {  # what must be read where no .want file says it: a text file, or the words themselves
    "txt/docx_footnote.docx": "Temperature was 38.7 on arrival.",
    "txt/docx_altchunk_html.docx": (
        "58-year-old man. Cough with yellow sputum for 4 days. Crackles at the right base."
    ),
    "txt/en_utf8_one_bad_byte.txt": "txt/en_utf8.txt",
    "txt/zh_gb18030_one_bad_byte.txt": "txt/zh_utf8.txt",
    "txt/fhir_report_base64.json": "txt/en_utf8.txt",
    "txt/mail_qp.eml": "txt/zh_utf8.txt",
    "txt/utf7.txt": "txt/zh_utf8.txt",
    "txt/note_json_escaped_zh.json": "txt/zh_utf8.txt",
    "txt/note_html_named.doc": (
        "58-year-old man. Cough with yellow sputum for 4 days. Crackles at the right base."
    ),
    "txt/pdf_acroform.pdf": "Complaint Cough and yellow sputum for 4 days Temperature 38.7 C",
    "txt/pdf_acroform_only.pdf": "Cough and yellow sputum for 4 days, T 38.7 C",
}
ONE_WRONG_CHARACTER = ("txt/zh_gb18030_one_bad_byte.txt",)
SAYS = {  # the sentence that makes it right where the file cannot be read as wanted
    "txt/docx_footnote.docx": "footnote",
    "txt/docx_altchunk_html.docx": "import|another file|embedded",
    "txt/pdf_second_page_scanned.pdf": r"[Pp]age 2\b",
    "txt/pdf_acroform.pdf": "form",
    "txt/pdf_acroform_only.pdf": "form",
    "txt/pdf_xfa_please_wait.pdf": "form",
    "txt/pdf_identity_no_tounicode.pdf": "font|letters|characters",
    "txt/docm_macro.docm": "macro",
    "txt/docx_strict.docx": "Strict",
    "txt/fhir_report_base64.json": "FHIR|JSON",
    "txt/mail_qp.eml": "e-?mail",
    "txt/note.html": "HTML|web page",
    "txt/note_html_named.doc": "HTML|web page",
    "txt/utf7.txt": "UTF-7",
    "txt/note_json_escaped_zh.json": "JSON",
    "snd/stereo_ambient_11x_louder.wav": "louder|differ",
    "snd/two_tracks_first_silent.mkv": "track",
    "img/lossless_sof3.jpg": "lossless",
    "img/jpegls.jls": "JPEG-LS",
    "img/samples_per_pixel_missing.dcm": "channels|[Ss]amples",
    "img/photometric_missing.dcm": "[Pp]hotometric|black|bright",
    "img/pixel_representation_missing.dcm": "signed",
    "img/bits_allocated_12_packed.dcm": "12",
    "img/jpeg_8bit_alloc16.dcm": "8|16",
    "img/no_sequence_delimiter.dcm": "[Dd]elimiter|end",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One file, and what is right."""

    kind: str
    file: str
    want: str
    path: Path


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a file: a part of a case, or a refusal."""

    part: Picture | Notes | Sound | None
    says: tuple[str, ...]  # the warnings, or the refusal alone


class Judge:
    """Tells what is wrong with a file's reading; blank where nothing is."""

    def __init__(self, folder: Path, model: str) -> None:
        self.folder = folder
        self.predictor = Predictor.load(model, "cpu")
        self.reference = cache(self._reference)

    def _reference(self, file: str) -> tuple[Picture | Notes | Sound, float]:
        seen = read(self.folder / file)
        assert seen.part is not None
        return seen.part, self.probability(seen.part)

    def probability(self, part: Picture | Notes | Sound) -> float:
        names = {Picture: "image", Notes: "notes", Sound: "audio"}
        case = Case(**{names[type(part)]: part})  # type: ignore[arg-type]
        findings = self.predictor.predict(case).findings
        return next(f.probability for f in findings if f.name == "pneumonia")

    def fault(self, row: Row) -> str:
        seen = read(row.path)
        head, _, tail = row.want.partition(";")
        options = [part.strip() for part in re.split(r",? or ", head)]
        faults = [self._fault(option, row, seen) for option in options]
        if all(faults):
            return "; ".join(faults) if seen.part is not None else f"refused: {seen.says[0]}"
        return _missing(tail.strip(), seen)

    def _fault(self, option: str, row: Row, seen: Seen) -> str:
        option = option.split(",")[0]
        if option in ("said", "what is left out is said"):
            return _unsaid(SAYS.get(row.file, "$^"), seen)
        if option.startswith("refused"):
            if seen.part is not None:
                return "read"
            if option == "refused as silent":
                return _unsaid("silent", seen)
            return _unsaid(SAYS.get(row.file, "$^"), seen)
        if option == "as it is" and row.file == "img/film.bmp":
            return "" if seen.part is None else "read"
        if option.startswith(("warns", "said to be")):
            return _missing(option, seen)
        if seen.part is None:
            return f"refused: {seen.says[0]}"
        if option == "formula" or row.file == "img/rescale_slope_minus10.dcm":
            return formula_fault(row.path, seen.part)
        if option == "text" or row.file.startswith("txt/"):
            return self._text_fault(row, seen.part)
        return self._nearness(row, option, seen.part)

    def _nearness(self, row: Row, option: str, part: Any) -> str:
        film = isinstance(part, Picture)
        reference, p = self.reference(FILM if film else SOUND)
        near = self.probability(part)
        within = FILM_NEAR if film else SOUND_NEAR
        faults = [f"p {near:.4f} instead of {p:.4f}"] if abs(near - p) > within else []
        if film and option == "as it is":  # 8 bits, or compressed with loss
            faults = []
        if faults and film and any(LOSSY in said for said in part.warnings):
            alone = self.reference(LOSSY_FILM)[1]  # what the loss does where nothing else differs
            if abs(near - alone) <= within:
                faults = [
                    f"{faults[0]}; {EXPLAINED}: the same film as a JPEG file gives {alone:.4f}"
                ]
        if film and option != "steady" and (alike := likeness(part, reference)) < ALIKE:
            faults.append(f"correlation {alike:.2f}")
        return ", ".join(faults)

    def _text_fault(self, row: Row, part: Any) -> str:
        beside = row.path.with_name(row.path.name + ".want")
        wanted = WORDS.get(row.file)
        if beside.exists():
            wanted = beside.read_text(encoding="utf-8")
        elif wanted is None:
            return "no words are known to be right"
        elif wanted.startswith("txt/"):
            wanted = (self.folder / wanted).read_text(encoding="utf-8")
        whole = beside.exists() or row.file not in WORDS  # else other text may stand around it
        return text_fault(part.text, wanted, whole, 3 if row.file in ONE_WRONG_CHARACTER else 0)


def read(path: Path) -> Seen:
    try:
        part = READERS[path.parent.name](path.read_bytes(), path.name)
    except InputError as exc:
        return Seen(None, (str(exc),))
    return Seen(part, part.warnings)


def _unsaid(pattern: str, seen: Seen) -> str:
    said = [s for s in seen.says if re.search(pattern, s) and not UNTRUE.search(s)]
    return "" if said else f"not said: {pattern}"


def _missing(asked: str, seen: Seen) -> str:
    """What ``want`` asks for behind its semicolon."""
    patterns = {
        "warns of the window": "window",
        "warns of a lateral view": "lateral",
        "said to be silent": "silen",
    }
    if asked in patterns:
        return _unsaid(patterns[asked], seen)
    if asked == "no warning of damage":
        return next((s for s in seen.says if re.search("damaged|cut short", s)), "")
    return f"nobody knows how to judge '{asked}'" if asked else ""


def likeness(one: Picture, other: Any) -> float:
    """Correlation of two pictures, both shrunk to 64 x 64."""
    pair = [shrink(film.shown, 64).double().numpy().ravel() for film in (one, other)]
    return float(np.corrcoef(*pair)[0, 1])


def text_fault(found: str, wanted: str, whole: bool, characters: int) -> str:
    """The first difference in words, in reading order; ``characters`` may differ."""
    words, right = found.split(), wanted.split()
    if characters:
        return "" if _distance(" ".join(words), " ".join(right)) <= characters else "other text"
    if not whole:
        places = iter(w.strip(",.:;") for w in words)
        missing = [w for w in (r.strip(",.:;") for r in right) if w not in places]
        return f"missing from '{missing[0]}' on" if missing else ""
    for operation, a, b, c, d in difflib.SequenceMatcher(None, right, words).get_opcodes():
        if operation != "equal":
            return f"'{' '.join(words[c:d])[:60]}' instead of '{' '.join(right[a:b])[:60]}'"
    return ""


def _distance(found: str, right: str) -> int:
    """How many characters of ``right`` are missing or other in ``found``."""
    matcher = difflib.SequenceMatcher(None, right, found, autojunk=False)
    return len(right) - sum(block.size for block in matcher.get_matching_blocks())


def formula_fault(path: Path, part: Any) -> str:
    """Whether the grey values are those of the DICOM formula (PS3.3 C.11), by pydicom's parts."""
    difference = np.abs(by_formula(path.read_bytes()) - part.shown)
    return "" if difference.max() < 0.005 else f"grey values differ by up to {difference.max():.2f}"


def by_formula(content: bytes) -> NDArray[np.float64]:
    """(height, width) in [0, 1]: rescale, then VOI LUT, then window, with no help from mmbm.io."""
    import pydicom
    from pydicom.pixels import apply_modality_lut, apply_windowing

    dataset = pydicom.dcmread(BytesIO(content))
    stored = dataset.pixel_array
    values = np.asarray(apply_modality_lut(stored, dataset), np.float64)
    if "VOILUTSequence" in dataset:
        item = dataset.VOILUTSequence[0]
        length, first, _ = (int(entry) for entry in item.LUTDescriptor)
        if (values.min() < 0 or dataset.PixelRepresentation) and first >= 2**15:
            first -= 2**16
        entries = item.LUTData
        table = (
            np.frombuffer(entries, "<u2")
            if isinstance(entries, bytes)
            else np.asarray(entries).astype(np.int64) % 2**16
        )[:length].astype(np.float64)
        return table[np.clip(values - first, 0, len(table) - 1).astype(int)] / table.max()
    if "WindowCenter" in dataset:
        greys = apply_windowing(values, dataset)
        low, high = apply_windowing(np.array([-1e6, 1e6]), dataset)  # its own range, to [0, 1]
        return np.asarray((greys - low) / (high - low), np.float64)
    # no window: the middle 99 per cent of what is no padding
    padding = int(dataset.PixelPaddingValue)
    padding -= 2**16 if dataset.PixelRepresentation and padding >= 2**15 else 0
    kept = stored != padding
    low, high = np.percentile(values[kept], [0.5, 99.5], method="inverted_cdf")
    return np.where(kept, np.clip((values - low) / (high - low), 0, 1), 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--kind", default="", help="only these kinds or files, by their start")
    parser.add_argument("--all", action="store_true", help="print what is right too")
    given = parser.parse_args()
    judge = Judge(given.folder, given.model)
    with (given.folder / "index.csv").open(encoding="utf-8", newline="") as lines:
        rows = [
            Row(r["kind"], r["file"], r["want"], given.folder / r["file"])
            for r in csv.DictReader(lines)
        ]
    counted: Counter[str] = Counter()
    for row in rows:
        if not (row.kind.startswith(given.kind) or row.file.startswith(given.kind)):
            continue
        fault = "" if row.want == "undecided" else judge.fault(row)
        state = "wrong" if fault else "undecided" if row.want == "undecided" else "right"
        state = "explained" if EXPLAINED in fault else state
        counted[state] += 1
        if fault or given.all:
            print(f"{row.kind:4} {state:9} {row.file}: {fault or row.want}")
    print(", ".join(f"{count} {state}" for state, count in counted.items()))
    sys.exit(counted["wrong"] > MAY_BE_WRONG)


if __name__ == "__main__":
    main()
