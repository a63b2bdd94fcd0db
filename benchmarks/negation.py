"""Does a model's notes branch take in what is denied? 200 pairs of notes that differ in that alone.

    python benchmarks/negation.py --model MODEL [--show]

Five pairs of signs in twenty wordings, in English and in Chinese, after five openings. The
wordings are none of the training generator's templates (held apart by
``tests/data/synthesis/test_negation.py``); the signs' names are its own, as they are anybody's. A
pair passes where the affirmed note speaks for pneumonia and the denied one against it, or at most
half as strongly for it.

Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from mmbm.case import Case
from mmbm.io import read_notes
from mmbm.predict import Predictor

__all__ = ["Pair", "pairs"]

SIGNS = {
    "en": (
        ("fever", "cough"),
        ("cough", "shortness of breath"),
        ("chills", "phlegm"),
        ("breathlessness", "fever"),
        ("coughing", "chest pain"),
    ),
    "zh": (
        ("发热", "咳嗽"),
        ("咳嗽", "气促"),
        ("寒战", "黄痰"),
        ("呼吸困难", "发烧"),
        ("咳痰", "胸痛"),
    ),
}
OPENINGS = {
    "en": ("", "64-year-old man. ", "Seen in clinic. ", "Known hypertension. ", "37F. "),
    "zh": ("", "患者男性，64岁。", "门诊就诊。", "高血压病史。", "女，37岁。"),
}
WORDINGS = {  # affirmed, denied
    "en": (
        ("There is {x} and {y}.", "There is neither {x} nor {y}."),
        ("He has had {x} and also {y} this week.", "He has had neither {x} nor {y} this week."),
        ("{x} and {y} are both present today.", "{x} and {y} are both absent today."),
        ("Troubled by {x}, and by {y} too.", "Not troubled by {x}, nor by {y}."),
        ("She does complain of {x} and {y}.", "She does not complain of {x} or {y}."),
        ("Positive {x}, positive {y}.", "Negative {x}, negative {y}."),
        ("Mother says there was {x} and {y}.", "Mother says there wasn't any {x} or {y}."),
        ("Patient says yes to {x} and to {y}.", "Patient says no to {x} and to {y}."),
        ("{x} (+), {y} (+)", "{x} (-), {y} (-)"),
        ("I was told of {x} and of {y}.", "I was not told of any {x} or any {y}."),
        ("Came in because of {x} with {y}.", "Came in feeling well, free of {x} and {y}."),
        ("Symptoms include {x} as well as {y}.", "Symptoms do not include {x}, nor {y}."),
        ("Confirmed {x}; confirmed {y}.", "Denied {x}; denied {y}."),
        ("We found evidence of {x} and {y}.", "We found no evidence of {x} or {y}."),
        ("{x} yes / {y} yes", "{x} no / {y} no"),
        ("Developed {x}, then {y}.", "Never developed {x} or {y}."),
        ("Today {x} is reported, and {y} too.", "Today no {x} is reported, and no {y} either."),
        ("His wife has noticed {x} and {y}.", "His wife has not noticed {x} or {y}."),
        ("{x}? Yes. {y}? Yes.", "{x}? No. {y}? None."),
        ("Is suffering from {x} and from {y}.", "Isn't suffering from {x} or from {y}."),
    ),
    "zh": (
        ("患者有{x}，也有{y}。", "患者既无{x}，也无{y}。"),
        ("本周有过{x}和{y}。", "本周从未有过{x}和{y}。"),
        ("{x}、{y}均存在。", "{x}、{y}均不存在。"),
        ("{x}阳性，{y}阳性。", "{x}阴性，{y}阴性。"),
        ("家属称有{x}与{y}。", "家属称并无{x}与{y}。"),
        ("自述{x}，并且{y}。", "自述未发生{x}，亦未发生{y}。"),
        ("问及{x}、{y}，患者承认。", "问及{x}、{y}，患者均否认。"),
        ("主要不适为{x}和{y}。", "不曾感到{x}和{y}。"),
        ("{x}(有)，{y}(有)", "{x}(无)，{y}(无)"),
        ("入院时{x}，且{y}。", "入院时不存在{x}，且不存在{y}。"),
        ("发病以来一直{x}，还{y}。", "发病以来一直无{x}，亦无{y}。"),
        ("目前可见{x}、{y}症状。", "目前尚无{x}、{y}症状。"),
        ("确认{x}；确认{y}。", "排除{x}；排除{y}。"),
        ("有无{x}？有。有无{y}？有。", "有无{x}？无。有无{y}？无。"),
        ("受{x}、{y}困扰。", "不受{x}、{y}困扰。"),
        ("起病即{x}，随后{y}。", "起病至今未有{x}，未有{y}。"),
        ("妻子发现他{x}、{y}。", "妻子未发现他{x}、{y}。"),
        ("孩子有{x}、有{y}。", "孩子没{x}，没{y}。"),
        ("{x}是，{y}是。", "{x}否，{y}否。"),
        ("同时伴随{x}及{y}出现。", "始终不伴有{x}及{y}。"),
    ),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two notes on the same signs."""

    language: str
    affirmed: str
    denied: str


def pairs() -> Iterator[Pair]:
    """All 200, half of them Chinese."""
    for language, wordings in WORDINGS.items():
        for w, (affirmed, denied) in enumerate(wordings):
            for s, (x, y) in enumerate(SIGNS[language]):
                opening = OPENINGS[language][(w + s) % len(OPENINGS[language])]
                told = [opening + text.format(x=x, y=y) for text in (affirmed, denied)]
                yield Pair(language, *(text[:1].upper() + text[1:] for text in told))


def contribution(predictor: Predictor, text: str, finding: str) -> float:
    """What a note moves a finding's log-odds by, alone."""
    prediction = predictor.predict(Case(notes=read_notes(text.encode(), "note.txt")))
    moved = prediction.readout.contributions(prediction.features.means)
    return float(moved[predictor.config.findings.index(finding), 1])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="default")
    parser.add_argument("--finding", default="pneumonia")
    parser.add_argument("--show", action="store_true", help="print the pairs that fail")
    given = parser.parse_args()
    torch.set_num_threads(1)
    predictor = Predictor.load(given.model, "cpu")
    passed: dict[str, list[bool]] = {language: [] for language in WORDINGS}
    for pair in pairs():
        yes, no = (contribution(predictor, t, given.finding) for t in (pair.affirmed, pair.denied))
        passed[pair.language].append(yes > 0 and no <= yes / 2)
        if given.show and not passed[pair.language][-1]:
            print(f"{yes:+.2f} {pair.affirmed}   {no:+.2f} {pair.denied}")
    both = [ok for held in passed.values() for ok in held]
    record: dict[str, object] = {"model": predictor.identity.name, "finding": given.finding}
    record |= {"sha256": predictor.identity.sha256, "pairs": len(both)}
    record |= {"passed": sum(both) / len(both)}
    record |= {language: sum(held) / len(held) for language, held in passed.items()}
    print(json.dumps(record))


if __name__ == "__main__":
    main()
