"""Writes clinical notes whose signs appear at published rates given the finding.

Only the signs depend on the finding; styles, phrases, distractors, order, typing errors and
whether a sign is mentioned at all are drawn alike with and without it. A sign that is mentioned
is affirmed or denied in the same words, so counting words tells little: the reader must take in
what is denied. Given the finding the signs are independent of one another (sputum excepted: it
needs a cough), which real signs are not.
"""

from __future__ import annotations

from typing import Literal

from numpy.random import Generator

from mmbm.data.masking import DISEASE_NAMES, MASK, mask_disease_names
from mmbm.data.synthesis.layouts import Clauses, choose, lay_out
from mmbm.data.synthesis.phrases import Phrases
from mmbm.data.synthesis.phrases_en import ENGLISH
from mmbm.data.synthesis.phrases_zh import CHINESE
from mmbm.data.synthesis.signs import read_evidence

__all__ = [
    "DISEASE_NAMES",
    "MASK",
    "Language",
    "Signs",
    "draw_signs",
    "mask_disease_names",
    "write_from_signs",
    "write_note",
]

Language = Literal["en", "zh"]
Signs = dict[str, bool | None]

MENTION = 0.6  # chance that a common sign is written down, be it present or not
MENTION_RARE = 0.25  # the same for signs that few doctors look for
RARE = frozenset({"egophony", "bronchial_breathing", "dullness", "confusion", "sweats"})
VITALS = ("fever", "tachypnoea", "tachycardia", "low_oxygen")
EXAM = frozenset(
    {"crackles", "bronchial_breathing", "dullness", "egophony", "wheeze", "work_of_breathing"}
)


def draw_signs(rng: Generator, pneumonia: bool, child: bool, *, brief: bool = False) -> Signs:
    """Draw every sign at its published rate: True present, False absent, None not mentioned.

    A brief note mentions one to three of the common signs.
    """
    signs: dict[str, bool] = {}
    mentioned: set[str] = set()
    evidence = read_evidence()["child" if child else "adult"]
    cough = False
    for name, sign in evidence.items():
        rate = sign.rate(pneumonia)
        if name == "sputum":  # nobody brings up phlegm without a cough; its own rate is kept
            rate = rate / evidence["cough"].rate(pneumonia) if cough else 0.0
        present = bool(rng.random() < rate)
        if name == "cough":
            cough = present
        signs[name] = present
        if rng.random() < (MENTION_RARE if name in RARE else MENTION):
            mentioned.add(name)
    if brief:
        common = [name for name in signs if name not in RARE]
        mentioned = {str(name) for name in rng.permutation(common)[: rng.integers(1, 4)]}
    return {name: present if name in mentioned else None for name, present in signs.items()}


def write_note(
    rng: Generator,
    *,
    pneumonia: bool,
    language: Language,
    child: bool,
    age: int | None,
    sex: str | None,
) -> str:
    """Write one note; ``age`` in years or None, ``sex`` "M", "F" or None."""
    signs = draw_signs(rng, pneumonia, child)
    return write_from_signs(rng, signs, language=language, child=child, age=age, sex=sex)


def write_from_signs(
    rng: Generator,
    signs: Signs,
    *,
    language: Language,
    child: bool,
    age: int | None,
    sex: str | None,
    brief: bool = False,
) -> str:
    """Write one note that states exactly these signs; nothing else here knows the finding.

    A brief one tells next to nothing beside them.
    """
    phrases = ENGLISH if language == "en" else CHINESE
    background = phrases.history_child if child else phrases.history_adult
    n_background = int(rng.integers(0, 2 if brief else 5))
    bare = brief and rng.random() < 0.5
    clauses = Clauses(
        opening="" if bare else _opening(rng, phrases, child, age, sex),
        history=_history(rng, phrases, signs, child),
        vitals=_vitals(rng, phrases, signs, child, age),
        exam=_exam(rng, phrases, signs),
        background=[
            choose(rng, str(alternatives).split("|"))
            for alternatives in rng.choice(background, n_background, replace=False)
        ]
        + ([choose(rng, phrases.others)] if not brief and rng.random() < 0.35 else []),
        plan=[choose(rng, phrases.plans)] if not brief and rng.random() < 0.4 else [],
    )
    return lay_out(rng, clauses, phrases, english=language == "en")


def _opening(
    rng: Generator, phrases: Phrases, child: bool, age: int | None, sex: str | None
) -> str:
    if age is None:
        key = "ageless-child" if child else "ageless"
    else:
        key = ("child-" if child else "") + (sex if sex in ("M", "F") else "")
    person = choose(rng, phrases.people[key]).format(a=age)
    if rng.random() < 0.5:
        comma = ", " if phrases is ENGLISH else "，"
        person = comma.join(part for part in (person, choose(rng, phrases.reasons)) if part)
    return person


def _fill(rng: Generator, template: str, **words: str) -> str:
    """Fill a template; days, times and sites are drawn here, without regard to the finding."""
    days = str(rng.integers(2, 10))
    return " ".join(template.format(d=days, **words).split()).rstrip(",，")


def _noun(rng: Generator, phrases: Phrases, name: str, child: bool) -> str:
    table = phrases.nouns_child if child and name in phrases.nouns_child else phrases.nouns
    return choose(rng, table[name])


def _history(rng: Generator, phrases: Phrases, signs: Signs, child: bool) -> list[str]:
    told = [n for n, s in signs.items() if s is not None and n not in EXAM and n not in VITALS]
    if signs["fever"] is not None and rng.random() < 0.5:
        told.append("fever")  # told by the patient; the number stands among the vitals
    present = [str(n) for n in rng.permutation([n for n in told if signs[n]])]
    absent = [str(n) for n in rng.permutation([n for n in told if not signs[n]])]
    clauses: list[str] = []
    when = choose(rng, phrases.when)
    if present and absent and rng.random() < 0.3:
        yes = _noun(rng, phrases, present.pop(), child)
        no = _noun(rng, phrases, absent.pop(), child)
        clauses.append(choose(rng, phrases.contrast).format(yes=yes, no=no))
    for affirmed, names in ((True, present), (False, absent)):
        if len(names) > 1 and rng.random() < 0.5:
            count = int(rng.integers(2, min(len(names), 4) + 1))
            listed = [_noun(rng, phrases, n, child) for n in names[:count]]
            names = names[count:]
            join = phrases.joiners[0 if affirmed else 1]
            text = join[0].join(listed[:-1]) + choose(rng, join) + listed[-1]
            templates = phrases.list_has if affirmed else phrases.list_not
            clauses.append(_fill(rng, choose(rng, templates), list=text, w=when))
        for name in names:
            alone = phrases.alone_has if affirmed else phrases.alone_not
            if name in alone and rng.random() < 0.2:
                clauses.append(choose(rng, alone[name]))
                continue
            templates = phrases.symptom_has if affirmed else phrases.symptom_not
            noun = _noun(rng, phrases, name, child)
            clauses.append(_fill(rng, choose(rng, templates), n=noun, w=when))
    return [str(c) for c in rng.permutation(clauses)]


def _exam(rng: Generator, phrases: Phrases, signs: Signs) -> list[str]:
    clauses = []
    for name in rng.permutation([n for n, s in signs.items() if s is not None and n in EXAM]):
        alone = phrases.alone_has if signs[name] else phrases.alone_not
        if name in alone and rng.random() < 0.35:
            clauses.append(choose(rng, alone[name]))
            continue
        template = choose(rng, phrases.exam_has if signs[name] else phrases.exam_not)
        site = choose(rng, phrases.sites) if name != "work_of_breathing" else ""
        clauses.append(_fill(rng, template, n=choose(rng, phrases.nouns[name]), s=site))
    return clauses


def _vitals(
    rng: Generator, phrases: Phrases, signs: Signs, child: bool, age: int | None
) -> list[str]:
    told = [name for name in VITALS if signs[name] is not None]
    if len(told) > 1 and not any(signs[name] for name in told) and rng.random() < 0.2:
        return [choose(rng, phrases.vitals_normal)]
    clauses = []
    for name in told:
        style = rng.random()
        if style < 0.25:
            clauses.append(
                choose(rng, (phrases.alone_has if signs[name] else phrases.alone_not)[name])
            )
        elif style < 0.35:
            template = choose(
                rng, phrases.symptom_has[:1] if signs[name] else phrases.symptom_not[:3]
            )
            clauses.append(template.format(n=choose(rng, phrases.nouns[name])))
        else:
            clauses.append(_measured(rng, phrases, name, bool(signs[name]), child, age))
    if clauses and rng.random() < 0.5 and not child:
        pressure = f"{rng.integers(105, 150)}/{rng.integers(60, 92)}"
        clauses.append(choose(rng, phrases.vitals["pressure"]).format(v=pressure))
    return [str(c) for c in rng.permutation(clauses)]


def _measured(
    rng: Generator, phrases: Phrases, name: str, present: bool, child: bool, age: int | None
) -> str:
    """A vital sign as a number on the right side of its threshold in ``evidence.csv``."""
    if name == "fever":
        threshold = 37.6 if child else 38.0  # °C
        low, high = (threshold, 40.2) if present else (36.1, threshold - 0.1)
        celsius = float(rng.uniform(low, high))
        if "fever_f" in phrases.vitals and rng.random() < 0.2:
            label = choose(rng, phrases.vitals["fever_f"])
            return label.format(v=f"{celsius * 9 / 5 + 32:.1f}")
        return choose(rng, phrases.vitals["fever_c"]).format(v=f"{celsius:.1f}")
    young = child and (age is None or age < 6)
    ranges = {  # (absent low, absent high), (present low, present high), ends included
        "tachypnoea": ((22, 40), (41, 66)) if young else ((12, 19), (20, 36)),
        "tachycardia": ((85, 130), (141, 180)) if young else ((56, 100), (101, 138)),
        "low_oxygen": ((97, 100), (86, 96)) if child else ((95, 100), (84, 94)),
    }
    low_int, high_int = ranges[name][present]
    return choose(rng, phrases.vitals[name]).format(v=rng.integers(low_int, high_int + 1))
