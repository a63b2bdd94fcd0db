"""The sections of the record: every figure, per finding and source, of the test cases.

:mod:`mmbm.evaluate.metrics` has the arithmetic. Each figure says for how many of its cases it
leaned on a part that was generated or drawn; ``real_parts`` and what rests on it (status,
subgroups) have those parts muted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from mmbm.data.corpus import Corpus
from mmbm.evaluate.calibration import reliability
from mmbm.evaluate.metrics import figures, risk_coverage
from mmbm.evaluate.scores import Scores
from mmbm.evaluate.tested import Tested, subsets, tested
from mmbm.model.network import MultimodalBigModel
from mmbm.record import ALL, Bin, Heard, LeftOut, Level, Roc, Status
from mmbm.record.figures import FEWEST, Comparison, Figures, RiskCoverage

__all__ = ["ASSEMBLED", "evaluate", "status_of"]

Mask = NDArray[np.bool_]
ASSEMBLED = "assembled"  # beside the sources: their cases with all three parts, some drawn
BOUND = 0.6  # the lower end of an AUROC's interval must lie above it
ADULT = 18  # years
PEOPLE = {"kermany": "children", "siim": "adults"}  # of sources that state no one's age
NORMAL = "no_finding"  # what a reader who saw nothing wrong says
AGES = ((0, 5), (6, 17), (18, 39), (40, 64), (65, 150))  # years


def evaluate(
    network: MultimodalBigModel,
    corpus: Corpus,
    scores: Scores,
    thresholds: dict[str, float],
    left_out: Mapping[str, LeftOut] | None = None,
    untrained: Collection[str] = (),
) -> dict[str, Any]:
    """The sections of a :class:`mmbm.record.Record` that are about discrimination.

    A finding's status asks what becomes of it on sources never trained on: what models like this
    one did on a source ``left_out``, and what this one does on those of the corpus that are
    ``untrained``.
    """
    sections: dict[str, Any] = {
        "by_source": {},
        "by_modalities": {},
        "by_source_and_modalities": {},
        "real_parts": {},
        "subgroups": {},
        "against_normal": {},
    }
    cases = tested(network, corpus, scores, thresholds)
    groups = _groups(corpus)
    for finding, test in cases.items():
        for source in np.unique(test.sources[test.known]).tolist():
            mine = test.known & (test.sources == source)
            place = sections["by_source"].setdefault(source, {})
            place[finding] = test.figures(mine, test.fused, test.assembled, floor=True)
            place = sections["real_parts"].setdefault(source, {})
            place[finding] = test.figures(mine & test.has_real, test.real)
            by_subset = sections["by_source_and_modalities"].setdefault(source, {})
            for subset in subsets(corpus.modalities):
                if (kept := mine & test.offered[subset]).any():
                    found = test.figures(kept, test.heard[subset], test.drawn[subset])
                    by_subset.setdefault(subset, {})[finding] = found
            kinds = sections["subgroups"].setdefault(source, {})
            for kind, names in groups.items():
                for name in np.unique(names[mine & (names != "")]).tolist():
                    found = test.figures(mine & test.has_real & (names == name), test.real)
                    kinds.setdefault(kind, {}).setdefault(name, {})[finding] = found
            for name, some in _against_normal(finding, cases, groups).items():
                kept = mine & some & test.has_real
                if len(np.unique(test.labels[kept])) == 2:
                    place = sections["against_normal"].setdefault(source, {}).setdefault(name, {})
                    place[finding] = test.figures(kept, test.real)
        for subset in subsets(corpus.modalities):
            kept = test.known & test.offered[subset]
            sections["by_modalities"].setdefault(subset, {})[finding] = test.figures(
                kept, test.heard[subset], test.drawn[subset]
            )
    real = {f: {s: by[f] for s, by in sections["real_parts"].items() if f in by} for f in cases}
    unseen = {
        f: {s: found for s, found in by.items() if s in untrained}
        | {s: o.by_finding[f] for s, o in (left_out or {}).items() if f in o.by_finding}
        for f, by in real.items()
    }
    return {
        **sections,
        "overall": {
            f: t.figures(t.known, t.fused, t.assembled, floor=True) for f, t in cases.items()
        },
        "fused_against_single": {f: _against_single(t) for f, t in cases.items()},
        "real_pairs": {f: _real_pairs(t) for f, t in cases.items()},
        "shuffled": {f: _shuffled(t) for f, t in cases.items()},
        "status": {f: status_of(real[f], unseen[f]) for f in cases},
        "risk_coverage": {f: _risks(t) for f, t in cases.items()},
        "reliability": {f: _reliability(t) for f, t in cases.items()},
        "roc": {f: _rocs(t) for f, t in cases.items()},
        "sound_events": _sound_events(network, corpus, scores),
    }


def _against_normal(
    finding: str, cases: Mapping[str, Tested], groups: Mapping[str, NDArray[np.str_]]
) -> dict[str, Mask]:
    """Cases with a finding and cases that a reader called normal: all, and by view and age.

    A source where a reader saw neither says no more here than its plain figures.
    """
    test, normal = cases[finding], cases.get(NORMAL)
    if normal is None or finding == NORMAL:
        return {}
    kept = (test.labels == 1) | (normal.labels == 1)
    others = test.known & ~kept
    sources = [s for s in np.unique(test.sources) if (others & (test.sources == s)).any()]
    kept &= np.isin(test.sources, sources)
    named = {
        name: kept & (groups[kind] == name)
        for kind in ("view", "people")
        for name in np.unique(groups[kind])
        if name
    }
    return {"all": kept, **named} if kept.any() else {}


def _groups(corpus: Corpus) -> dict[str, NDArray[np.str_]]:
    """Each case's group, (n,): sex, age band, child or adult, view; blank where not said."""
    rows = corpus.manifest.rows
    bands, people = [], []
    for text in rows["age"]:
        age = float(text) if str(text).replace(".", "", 1).isdigit() else -1.0
        names = [f"{low}–{high}" if low < 65 else "65+" for low, high in AGES if age >= low]
        bands.append(names[-1] if names else "")
        people.append("" if age < 0 else "children" if age < ADULT else "adults")
    told = [told or PEOPLE.get(s, "") for told, s in zip(people, rows["source"], strict=True)]
    sex, view = (rows[column].to_numpy(str) for column in ("sex", "view"))
    return {"sex": sex, "age": np.array(bands), "people": np.array(told), "view": view}


def _by_source(test: Tested, keep: Mask) -> dict[str, Mask]:
    """The cases to keep of each source where both labels are."""
    kept = {s: keep & (test.sources == s) for s in np.unique(test.sources).tolist()}
    return {s: k for s, k in kept.items() if len(np.unique(test.labels[k])) == 2}


def _against_single(test: Tested) -> dict[str, Comparison]:
    """All that is given less the best modality by itself, on cases that have several parts.

    "Best" is chosen on the test cases themselves, which favours it.
    """
    found = {}
    several = test.known & (sum(test.offered[m].astype(int) for m in test.modalities) > 1)
    whole = test.known & test.offered[test.whole] & test.assembled
    groups = {s: (k, False) for s, k in _by_source(test, several).items()}
    if len(np.unique(test.labels[whole])) == 2:
        groups[ASSEMBLED] = (whole, True)
    for name, (mine, apart) in groups.items():
        pairs = []
        for m in test.modalities:
            kept = mine & test.offered[m]
            scores = {"fused": test.fused, m: test.heard[m]}
            if kept.sum() == mine.sum():  # every case has it
                pairs.append(test.compare(kept, "fused", m, scores, apart=apart))
        known = [pair for pair in pairs if pair is not None]
        if known:
            found[name] = max(known, key=lambda pair: pair.second_auroc)
    return found


def _real_pairs(test: Tested) -> dict[str, Comparison]:
    """Film and real note of one patient less the film alone."""
    if "image+notes" not in test.offered:
        return {}
    both = test.known & test.offered["image+notes"] & ~test.drawn["image+notes"]
    found = {
        s: test.compare(k, "image+notes", "image", test.heard)
        for s, k in _by_source(test, both).items()
    }
    return {s: pair for s, pair in found.items() if pair is not None}


def _shuffled(test: Tested) -> dict[str, Comparison]:
    """As paired less with the notes and recordings of other cases: what the pairing is worth."""
    further = [test.offered[m] for m in test.modalities[1:]]
    several = test.known & np.any(further or [np.zeros(len(test.labels), bool)], axis=0)
    scores = {"as paired": test.fused, "shuffled": test.shuffled}
    found = {
        s: test.compare(k, "as paired", "shuffled", scores)
        for s, k in _by_source(test, several).items()
    }
    return {s: pair for s, pair in found.items() if pair is not None}


def status_of(sources: Mapping[str, Figures], unseen: Mapping[str, Figures]) -> Status:
    """What a finding may be called, from its figures in each source with drawn parts muted.

    A source speaks for it where the AUROC's interval lies above 0.6, and is heard only with ten
    cases of either label. One such source: within one source; two: within sources. To be validated
    across sources one that was never trained on must speak for it as well, and none against.
    """
    said, crossed = _heard(sources), _heard(unseen)
    level: Level = "exploratory"
    if speaking := list(said.values()).count("for"):
        level = "one_source" if speaking == 1 else "within_sources"
        if speaking > 1 and "for" in crossed.values() and "against" not in crossed.values():
            level = "across_sources"
    return Status(level=level, sources=said, unseen=crossed)


def _heard(sources: Mapping[str, Figures]) -> dict[str, Heard]:
    said: dict[str, Heard] = {}
    for source, found in sources.items():
        if found.auroc_ci is None or found.few:
            fewer = found.positives <= found.n - found.positives
            said[source] = "few_positive" if fewer else "few_negative"
        else:
            said[source] = "for" if found.auroc_ci[0] > BOUND else "against"
    return said


def _risks(test: Tested) -> dict[str, RiskCoverage]:
    kept = {s: test.known & (test.sources == s) for s in np.unique(test.sources[test.known])}
    return {
        str(s): risk_coverage(test.fused[k], test.labels[k], test.patients[k], test.threshold)
        for s, k in kept.items()
        if k.sum() >= FEWEST
    }


def _reliability(test: Tested) -> dict[str, tuple[Bin, ...]]:
    """Of all sources, and of each."""
    kept = {ALL: test.known}
    kept |= {str(s): test.known & (test.sources == s) for s in np.unique(test.sources)}
    return {
        name: tuple(Bin.model_validate(b) for b in reliability(test.fused[k], test.labels[k]))
        for name, k in kept.items()
        if k.any()
    }


def _rocs(test: Tested) -> dict[str, Roc]:
    curves = {}
    for source, mine in _by_source(test, test.known).items():
        false, true, _ = roc_curve(test.labels[mine], test.fused[mine])
        curves[source] = Roc(fpr=tuple(false.round(4)), tpr=tuple(true.round(4)))
    return curves


def _sound_events(
    network: MultimodalBigModel, corpus: Corpus, scores: Scores
) -> dict[str, Figures]:
    """The sound branch alone, each recording once, at a probability of 0.5."""
    rows = corpus.manifest.rows
    own = np.argsort(rows["assembled"].to_numpy(str) != "", kind="stable")  # before the borrowers
    _, first = np.unique(corpus.sound_of[own], return_index=True)
    once = np.zeros(len(corpus), dtype=bool)
    once[own[first]] = True
    once &= corpus.sound_of >= 0
    patients = rows["patient_id"].to_numpy(str)
    found = {}
    for e, event in enumerate(network.config.events.get("audio", ())):
        labels = corpus.sound_labels[:, e].double().numpy()
        known = once & ~np.isnan(labels)
        found[event] = figures(scores.sounds[known, e], labels[known], patients[known])
    return found
