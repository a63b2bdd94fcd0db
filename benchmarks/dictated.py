"""How many words does dictation get wrong? Recordings with transcripts, by a Whisper of your own.

    python benchmarks/dictated.py --model FOLDER --data DATA/audio/dictation_tts [--show]

The word error rate (substituted, left out and put in, of the words said; numbers in digits) with
the clinical prompt that `mmbm dictate` gives and without one, and the processor time of each.
Prints one JSON line.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import time
from pathlib import Path

from mmbm.config import Limits
from mmbm.dictation import load_dictation
from mmbm.errors import NoSignal
from mmbm.io.audio import decode

NUMBERS = {
    "seventy": "70",
    "eighty eight percent": "88%",
}  # as the sentences say and Whisper writes


def words(text: str) -> list[str]:
    """Lower case, without punctuation."""
    text = text.lower()
    for said, written in NUMBERS.items():
        text = text.replace(said, written)
    return re.findall(r"[a-z]+|\d+%?", text)


def errors(said: list[str], heard: list[str]) -> int:
    """The smallest number of words to substitute, leave out or put in (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        above, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (word != other))
    return row[-1]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--show", action="store_true", help="print what was said and heard")
    given = parser.parse_args()
    dictation = load_dictation(given.model)
    (table,) = given.data.glob("*.csv")
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    said = [words(row["transcript"]) for row in rows]
    result: dict[str, object] = {"recordings": len(rows), "words": sum(map(len, said))}
    for name, prompted in (("prompt", True), ("no_prompt", False)):
        began, wrong = time.process_time(), 0
        for row, wanted in zip(rows, said, strict=True):
            path = given.data / row["audio_path"]
            sound = decode(path.read_bytes(), path.name, Limits())
            try:
                heard = dictation.note(sound, "en", prompted=prompted)
            except NoSignal:
                heard = ""
            wrong += (n := errors(wanted, words(heard)))
            if given.show and prompted:
                print(f"{n}  {row['transcript']}\n   {heard}")
        seconds = (time.process_time() - began) / len(rows)
        result[name] = {
            "word_error_rate": round(wrong / sum(map(len, said)), 3),
            "cpu_seconds": round(seconds, 2),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
