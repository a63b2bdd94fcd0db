"""What if a part were missing, different, weighed otherwise, or seen by another model?

A prediction keeps its features, so only what changed is read anew and the rest joined to it. Each
question gives a whole prediction, of which ledger and maps can be asked like of any other, and
questions can follow one another: :func:`muted` after :func:`exchanged`, say. :func:`changes` sets
two predictions side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from mmbm.case import Case
from mmbm.errors import ConfigError
from mmbm.explain.ledger import Ledger, ledger
from mmbm.model.readout import Readout
from mmbm.predict import Features, Finding, Prediction, Predictor
from mmbm.text import name_of, sentence

__all__ = ["Change", "Worth", "changes", "exchanged", "muted", "reweighed", "worth"]


@dataclass(frozen=True, slots=True)
class Change:
    """One finding before and after, each with its whole account."""

    finding: str
    before: Ledger
    after: Ledger

    @property
    def logit(self) -> float:
        """What the change did to the logit."""
        return self.after.logit - self.before.logit

    @property
    def probability(self) -> float:
        """What the change did to the probability."""
        return self.after.probability - self.before.probability

    @property
    def residual(self) -> float:
        """How far the sums of both accounts are from their logits at most; rounding."""
        return max(self.before.residual, self.after.residual)


@dataclass(frozen=True, slots=True)
class Worth:
    """What a part that is missing would change on average over held-out cases."""

    finding: str
    logit: float  # expected absolute change
    probability: float  # expected absolute change
    low: float  # the probability would lie above this in 95 of 100 cases,
    high: float  # and below this


def changes(before: Prediction, after: Prediction) -> tuple[Change, ...]:
    """The findings that both predictions have, side by side.

    Raises
    ------
    ConfigError
        They have none in common: two models of different findings.
    """
    later = {account.finding: account for account in ledger(after)}
    both = tuple(
        Change(account.finding, account, later[account.finding])
        for account in ledger(before)
        if account.finding in later
    )
    if not both:
        raise ConfigError(sentence("whatif.no_common_finding"))
    return both


def muted(prediction: Prediction, *parts: str) -> Prediction:
    """As if these parts had not been given. With all of them muted the base is left."""
    for modality in parts:
        prediction = _with(prediction, modality, None)
    return prediction


def exchanged(predictor: Predictor, prediction: Prediction, parts: Case) -> Prediction:
    """With the parts of this case instead of its own; the others are not read again.

    Raises
    ------
    ConfigError
        Another model than the predictor's made the prediction.
    NoSignal
        There is no part, or none that the model reads.
    """
    if prediction.identity != predictor.identity:
        raise ConfigError(sentence("whatif.other_model"))
    new = predictor.predict(parts)
    for modality in new.present:
        prediction = _with(prediction, modality, new)
    return replace(prediction, warnings=tuple(dict.fromkeys(prediction.warnings + new.warnings)))


def reweighed(prediction: Prediction, modality: str, weight: float) -> Prediction:
    """With another fusion weight ``w_i``; the others keep their ratio, and all sum to 1.

    The slope in a ledger, ``d logit / d w_i``, is of ``w_i`` alone, the others held.

    Raises
    ------
    ConfigError
        The fusion has no weights of its own, or the weight is not one.
    """
    readout = prediction.readout
    if not isinstance(readout, Readout):
        raise ConfigError(sentence("whatif.no_weights"))
    if not 0.0 <= weight <= 1.0:
        raise ConfigError(sentence("whatif.weight", weight=weight))
    i = prediction.place(modality)
    others = readout.weights.clone()
    others[i] = 0.0
    weights = others / others.sum() * (1.0 - weight)
    weights[i] = weight
    return _scored(replace(prediction, readout=replace(readout, weights=weights)))


def worth(prediction: Prediction, modality: str) -> tuple[Worth, ...] | None:
    """What adding this missing part would change, finding by finding, over the held-out population.

    Each percentile of the part's contribution over held-out cases is added to the logit in turn.
    With a weighted sum nothing is left out but that parts of one patient go together. None where
    the model was not fitted for it.

    Raises
    ------
    ConfigError
        The part was given.
    """
    if modality in prediction.present:
        raise ConfigError(sentence("whatif.given", part=name_of("modality", modality)))
    population = None if prediction.trust is None else prediction.trust.population
    shown = None if population is None else population[:, prediction.place(modality)].double()
    if shown is None or bool(shown.isnan().any()):
        return None
    logits = torch.tensor([[f.logit] for f in prediction.findings], dtype=torch.float64)
    added = (logits + shown).sigmoid()  # (findings, 101)
    moved = (added - logits.sigmoid()).abs()
    step = 1.0 / (shown.shape[1] - 1)
    return tuple(
        Worth(
            finding.name,
            logit=float(torch.trapezoid(shown[c].abs(), dx=step)),
            probability=float(torch.trapezoid(moved[c], dx=step)),
            low=float(added[c, 5]),
            high=float(added[c, 95]),
        )
        for c, finding in enumerate(prediction.findings)
    )


def _with(prediction: Prediction, modality: str, new: Prediction | None) -> Prediction:
    """One part as another prediction read it, or without it."""
    i, old = prediction.place(modality), prediction.features
    means, positions, prepared = old.means.clone(), dict(old.positions), dict(old.prepared)
    events = {m: of for m, of in prediction.events.items() if m != modality}
    means[i] = 0.0 if new is None else new.features.means[i]
    for held in (positions, prepared):
        held.pop(modality, None)
    if new is not None:
        positions[modality] = new.features.positions[modality]
        prepared[modality] = new.features.prepared[modality]
        events |= {m: of for m, of in new.events.items() if m == modality}
    present = tuple(m for m in prediction.modalities if m in positions)
    features = Features(means, {m: positions[m] for m in present}, prepared)
    return _scored(replace(prediction, features=features, present=present, events=events))


def _scored(prediction: Prediction) -> Prediction:
    """With the findings that its features and its readout give."""
    logits = prediction.readout.logits(prediction.features.means)
    findings = tuple(
        Finding(finding.name, float(z), float(z.sigmoid()))
        for finding, z in zip(prediction.findings, logits, strict=True)
    )
    return replace(prediction, findings=findings)
