"""How much of what names a patient does :func:`mmbm.privacy.mask` find in a note?

    python benchmarks/note_masking.py [--notes NOTES.csv] [--count 500] [--seed 0] [--show]

Names, dates, numbers and addresses that Faker makes (of five English-speaking countries and of
China) are planted in notes: half of them English, half Chinese, by the training generator; with
``--notes`` (a CSV with a column ``note``) three in five of the English ones are real notes. Found
is what is masked to its last letter; precision is the share of masked stretches that touch
something planted. The rules were written with
the wordings called "seen" at hand. Those called "unseen" were first run without: 0.96 was found
(English 0.88, Chinese 1.00), and the rules for addresses and telephones were mended after that.
Prints one JSON line.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
from faker import Faker

from mmbm.data.synthesis.notes import write_note
from mmbm.privacy import mask

LOCALES = ["en_US", "en_GB", "en_IN", "en_AU", "en_CA"]
WORDINGS = {
    "en": {
        "seen": (
            "Patient: {name}, DOB {date}, MRN {number}.", "Seen by Dr. {last} on {date}.",
            "{name} lives at {address}.", "Discussed with Mrs. {last}, phone {phone}.",
            "Dictated by {name}, MD.", "Address: {address}.", "Admitted {date}.",
            "Mr. {last} is a retired teacher.", "Record number {number}.", "Contact: {email}.",
            "{name} was brought in by the ambulance.", "We called {name} at {phone} this morning.",
            "Referred from Dr. {name}; letter of {date}.", "Hospital no. {number}, born {date}.",
            "Her sister {name} can be reached at {phone}.", "Home: {address}.",
            "Follow-up with {name} on {date}.", "Sample {number} was sent.", "SSN {ssn}.",
            "I spoke to {first} about this.",
            "Emergency contact is {name}, {phone}.", "Mailing address: {address}.",
            "{name} presented on {date} with these complaints.", "cc: {name}",
            "His employer, {name}, confirmed this.", "Lab no {number} of {date} is pending.",
            "Mother's name: {name}.", "Report e-mailed to {email} on {date}.",
            "Pharmacy phone: {phone}.", "Thank you, Dr. {last}, for this referral.",
        ),
        "unseen": (
            "Mrs {last} returned to clinic on {date}.", "Next of kin: {name} ({phone}).",
            "The caretaker, {name}, gave the history.", "Insurance ID {number}.",
            "He moved to {address} in {date}.", "Images of {date} were reviewed by {name}.",
            "Please fax the result to {phone}.", "Case discussed with {name} at length.",
            "Write to {email} or {address}.", "Pt {name}, chart no. {number}.",
        ),
    },
    "zh": {
        "seen": (
            "患者姓名：{name}，出生日期：{date}，住院号{number}。",
            "{date}由{name}医生接诊。",
            "家住{address}。",
            "联系人：{name}，电话{phone}。",
            "患者{name}，男，来诊。",
            "身份证号：{ssn}。",
            "记录者：{name}",
            "于{date}入院。",
            "门诊号：{number}。",
            "主治医师{name}查房。",
            "{name}主任会诊后建议观察。",
            "其妻{name}陪同就诊，手机{phone}。",
            "现住址：{address}，病案号{number}。",
            "患者{name}于{date}起病。",
            "{date}复查。",
            "请{name}教授会诊。",
            "女儿{name}代诉病史。",
            "住在{address}。",
            "护士{name}记录，{date}。",
            "病历号{number}，证件{ssn}。",
            "签名：{name}，{date}。",
            "接诊医师：{name}。",
            "患儿母亲{name}述。",
            "居住地址：{address}。",
            "工作单位电话{phone}。",
            "{date}外院就诊，检查号{number}。",
            "上级医师{name}指示继续观察。",
            "患者{name}，{date}生。",
            "紧急联系人{name}（{phone}）。",
            "医保卡号{number}。",
        ),
        "unseen": (
            "责任护士：{name}。",
            "病人{name}要求转院。",
            "父亲{name}签署知情同意书。",
            "单位地址：{address}。",
            "联系方式：{phone}。",
            "{date}在外院行胸片，编号{number}。",
            "经{name}主任同意后出院。",
            "邮箱{email}。",
            "儿子{name}送来就诊，{date}。",
            "登记号{number}，身份证{ssn}。",
        ),
    },
}  # fmt: skip


def given(fake: Faker, field: str, rng: np.random.Generator, language: str) -> str:
    """An identifier, written in one of several ways."""
    if field in ("name", "last", "first"):
        made = f"{fake.first_name()} {fake.last_name()}" if language == "en" else fake.name()
        if language == "zh":
            return made
        first, last = made.split(" ", 1)
        if field != "name":
            return last if field == "last" else first
        return str(rng.choice([made, made, f"{first} {last[0]}. {fake.last_name()}"]))
    if field == "date":
        day = fake.date_object()
        forms = ("%Y-%m-%d", "%m/%d/%Y", "%d %B %Y", "%B %d, %Y", "%d.%m.%y")
        chinese = ("%Y年%m月%d日", "%Y-%m-%d", "%m月%d日", "%Y.%m.%d")
        return day.strftime(str(rng.choice(forms if language == "en" else chinese)))
    if field == "number":
        return str(rng.choice([fake.numerify("#######"), fake.bothify("??######").upper()]))
    if field == "address":
        return fake.address().replace("\n", ", " if language == "en" else "")
    made = {"phone": fake.phone_number, "email": fake.email, "ssn": fake.ssn}[field]()
    return str(made)


def planted(
    text: str, wordings: tuple[str, ...], fake: Faker, rng: np.random.Generator, language: str
) -> tuple[str, list[tuple[str, int, int]]]:
    """A note with two or three sentences put in, and where the identifiers stand."""
    ends = [m.end() for m in re.finditer(r"[.!?](?=\s)|[。\n]", text)] or [len(text)]
    places = sorted(int(p) for p in rng.choice(ends, min(3, len(ends)), replace=False))
    out, at, found = "", 0, []
    for place in places:
        out += text[at:place] + ("\n" if language == "zh" or text[place - 1] == "\n" else " ")
        at = place
        rest = str(rng.choice(wordings))
        while "{" in rest:
            before, _, rest = rest.partition("{")
            field, _, rest = rest.partition("}")
            made = given(fake, field, rng, language)
            out += before
            found.append((field, len(out), len(out) + len(made)))
            out += made
        out += rest if rest.endswith((".", "。")) else f"{rest}\n"
    return out + text[at:], found


def notes(count: int, real: list[str], rng: np.random.Generator) -> list[tuple[str, str, str]]:
    """(language, where from, note)."""
    made = []
    for n in range(count):
        language = "en" if n % 2 else "zh"
        if language == "en" and real and (n // 2) % 5 < 3:
            made.append((language, "real", real[int(rng.integers(len(real)))]))
            continue
        child = bool(rng.integers(2))
        age, sex = int(rng.integers(2, 80)), str(rng.choice(["M", "F"]))
        told = write_note(
            rng, pneumonia=bool(rng.integers(2)), language=language, child=child, age=age, sex=sex
        )
        made.append((language, "generated", told))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--notes", type=Path)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print what was missed")
    told = parser.parse_args()
    real = []
    if told.notes:
        with told.notes.open(encoding="utf-8", newline="") as file:
            real = [row["note"] for row in csv.DictReader(file) if len(row["note"]) > 20]
    rng = np.random.default_rng(told.seed)
    fakes = {"en": Faker(LOCALES), "zh": Faker("zh_CN")}
    for fake in fakes.values():
        fake.seed_instance(told.seed)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    right: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for n, (language, source, note) in enumerate(notes(told.count, real, rng)):
        part = "seen" if n // 2 % 2 else "unseen"
        text, where = planted(note, WORDINGS[language][part], fakes[language], rng, language)
        spans = mask(text, language).spans
        hidden = {at for span in spans for at in range(span.start, span.end)}
        for field, start, end in where:
            ok = all(at in hidden or not text[at].isalnum() for at in range(start, end))
            for key in ("all", language, f"{language} {part}", f"{language} {field}"):
                counts[key][0] += ok
                counts[key][1] += 1
            if told.show and not ok:
                print(f"{part} {field}: ...{text[max(0, start - 20) : end + 15]!r}")
        for span in spans:
            touches = any(start < span.end and span.start < end for _, start, end in where)
            if told.show and not touches and n % 10 == 1:
                print(f"   masked: {span.kind} {text[span.start : span.end]!r}")
            for key in ("all", language, f"{language} {source}"):
                right[key][0] += touches
                right[key][1] += 1
    record: dict[str, object] = {"notes": told.count, "planted": counts["all"][1]}
    record["recall"] = {key: round(a / b, 4) for key, (a, b) in sorted(counts.items())}
    record["precision"] = {key: round(a / b, 3) for key, (a, b) in sorted(right.items())}
    print(json.dumps(record, ensure_ascii=False))


if __name__ == "__main__":
    main()
