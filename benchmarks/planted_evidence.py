"""Whether the top of each map lies where evidence was planted; read by ``planted.py``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from assembled import interval
from planted_cases import Planted
from planted_maps import broad, chance, hit, less, shares, ways

from mmbm.branches.registry import branch_of
from mmbm.case import Modality
from mmbm.predict import Predictor

__all__ = ["Trial", "figures", "share", "tried"]

MOVES, REACTS, LEAPS = 0.05, 0.25, 1.0  # logits that the part's contribution rises by


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one planted case."""

    kind: str
    rise: float  # logits, of the part's own contribution
    contribution: float  # of the altered part
    chance: dict[str, float]  # by map: of a unit drawn blindly
    inside: float
    hits: dict[str, bool]  # by map
    shifts: dict[str, bool]  # by map: of the altered case's less the clean one's


def tried(
    predictor: Predictor, planted: Planted, modality: Modality, finding: str, *, every: bool
) -> Trial:
    """Score a case clean and altered, and look at the top of its maps."""
    index = predictor.config.findings.index(finding)
    column, over = predictor.network.place(modality), branch_of(modality).spaces[0].over
    pair = [predictor.predict(case) for case in (planted.clean, planted.altered)]
    spoke = [float(p.readout.contributions(p.features.means)[index, column]) for p in pair]
    text = planted.altered.notes.text if planted.altered.notes else ""
    hits, shifts, chances = {}, {}, {}
    for way in ways(over, every):
        before, after = (shares(predictor, p, over, finding, way) for p in pair)
        gained = less(after, before, planted.where)
        hits[way.name], shifts[way.name] = hit(after, planted.where), hit(gained, planted.where)
        chances[way.name] = chance(after, planted.where)
        name, wide = f"{way.name}, broad", broad(after, text)
        hits[name] = hit(wide, planted.where)
        shifts[name] = hit(broad(gained, text), planted.where)
        chances[name] = chance(wide, planted.where)
    rise = spoke[1] - spoke[0]
    return Trial(planted.kind, rise, spoke[1], chances, planted.inside, hits, shifts)


def share(found: Sequence[bool]) -> dict[str, Any]:
    """A share of yeses, with how many there were and its interval."""
    hits, of = sum(found), len(found)
    return {"share": round(hits / of, 3) if of else None, "of": of, "95": interval(hits, of)}


def figures(trials: Sequence[Trial]) -> dict[str, Any]:
    """What is printed of one modality: of all its cases, and by kind."""
    kinds = list(dict.fromkeys(t.kind for t in trials))
    found = _figures(trials)
    if len(kinds) > 1:
        found["by_kind"] = {k: _figures([t for t in trials if t.kind == k]) for k in kinds}
    return found


def _figures(trials: Sequence[Trial]) -> dict[str, Any]:
    rises = np.array([t.rise for t in trials])
    found: dict[str, Any] = {
        "cases": len(trials),
        "moves": share((rises > MOVES).tolist()),
        "reacts": share((rises > REACTS).tolist()),
        "leaps": share((rises > LEAPS).tolist()),
        "rise_p10_50_90": np.quantile(rises, (0.1, 0.5, 0.9)).round(2).tolist(),
        "speaks_for": share([t.contribution > 0 for t in trials]),
    }
    if not np.isnan(trials[0].inside):
        found["chance_in_lungs"] = round(float(np.mean([t.inside for t in trials])), 3)
    groups = {"all": -np.inf, "moves": MOVES, "reacts": REACTS, "leaps": LEAPS}
    found["maps"] = {
        name: {"chance": round(float(np.mean([t.chance[name] for t in trials])), 3)}
        | {
            what + group: share([getattr(t, field)[name] for t in trials if t.rise > least])
            for what, field in (("", "hits"), ("difference_", "shifts"))
            for group, least in groups.items()
        }
        for name in trials[0].hits
    }
    return found
