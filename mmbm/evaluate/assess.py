"""How well trust works on held-out cases: the sections of the evaluation record.

``conformal``: how often the answers hold the truth, and how often they are sure. ``abstention``:
how often the sure ones are right. ``shift``: how well odd inputs are told from the test split's
own, by kind. ``disagreement``: how often the parts disagree, and whether the model then errs more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor

from mmbm.data.corpus import Corpus, Progress
from mmbm.evaluate.odd import OddInput
from mmbm.model.config import ModelConfig
from mmbm.model.readout import CoalitionReadout, Readout, coalitions
from mmbm.model.tables import LEVELS, TrustTables
from mmbm.predict import Predictor
from mmbm.trust.conformal import answers
from mmbm.trust.judge import disagreements, judge
from mmbm.trust.shift import Shift, nearest, shift_of

__all__ = ["assess"]

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


def assess(
    predictor: Predictor,
    corpus: Corpus,
    features: Tensor,
    texts: Sequence[str],
    odd: Sequence[OddInput],
    progress: Progress,
) -> dict[str, Any]:
    """All four sections on a corpus and its (n, 3, d) features; none without trust tables.

    ``texts`` are the corpus's notes; ``odd`` are files to tell from its own.

    Raises
    ------
    ManifestError
        An odd file that cannot be read.
    """
    tables = predictor.trust
    if tables is None:
        return {}
    readout = predictor.network.readout()
    sections = _answered(readout, tables, predictor.config.findings, corpus, features)
    shift = _shift(predictor, tables, corpus, features, texts, odd, progress)
    return {**sections, "shift": shift}


def _answered(
    readout: Readout | CoalitionReadout,
    tables: TrustTables,
    findings: Sequence[str],
    corpus: Corpus,
    features: Tensor,
) -> dict[str, Any]:
    """The sections ``conformal``, ``abstention`` and ``disagreement`` on (n, 3, d) features."""
    labels = corpus.labels.double().numpy()
    sources = corpus.manifest.rows["source"].to_numpy(str)
    probabilities = readout.logits(features).sigmoid()
    groups = torch.from_numpy(nearest(tables, features, corpus.present))
    inside = {level: torch.full((*labels.shape, 2), torch.nan).double() for level in LEVELS}
    for s, coalition in enumerate(coalitions(corpus.present.shape[1])):
        mine = (corpus.present == coalition).all(1)
        for level, held in inside.items():
            held[mine] = answers(tables, level, s, groups[mine], probabilities[mine])
    fitted = np.isin(sources, tables.sources) if tables.sources else np.ones(len(sources), bool)
    parts: dict[str, Mask] = {"fitted": fitted, "all": np.ones(len(sources), bool)}
    parts |= {str(source): sources == source for source in np.unique(sources)}
    conformal: dict[str, Any] = {"sources": list(tables.sources), "levels": {}}
    abstention: dict[str, Any] = {}
    for c, finding in enumerate(findings):
        for level, held in inside.items():
            known = ~np.isnan(labels[:, c]) & ~held[:, c].isnan().any(-1).numpy()
            place = conformal["levels"].setdefault(f"{level:g}", {})
            place[finding] = {
                name: coverage(held[k, c].numpy(), labels[k, c])
                for name, part in parts.items()
                if (k := known & part).any()
            }
        held = inside[0.9][:, c]
        known = ~np.isnan(labels[:, c]) & ~held.isnan().any(-1).numpy()
        abstention[finding] = {
            name: risk(held[k].numpy(), probabilities[k, c].numpy(), labels[k, c])
            for name, part in parts.items()
            if (k := known & part).any()
        }
    return {
        "conformal": conformal,
        "abstention": abstention,
        "disagreement": _disagreement(readout, tables, findings, features, labels, probabilities),
    }


def coverage(inside: Values, labels: Values) -> dict[str, float | int | None]:
    """How often (n, 2) answers hold the (n,) labels, by label, and what sizes they are."""
    right = inside[np.arange(len(labels)), labels.astype(int)] == 1
    size = inside.sum(1)
    return {
        "n": len(labels),
        "coverage": float(right.mean()),
        "coverage_yes": float(right[labels == 1].mean()) if (labels == 1).any() else None,
        "coverage_no": float(right[labels == 0].mean()) if (labels == 0).any() else None,
        "one": float((size == 1).mean()),
        "both": float((size == 2).mean()),
        "none": float((size == 0).mean()),
    }


def risk(inside: Values, probabilities: Values, labels: Values) -> dict[str, Any]:
    """Share of cases with a sure answer at 90 %, and the errors among them and among all."""
    sure = inside.sum(1) == 1
    wrong = (inside[:, 1] == 1) != (labels == 1)
    return {
        "n": len(labels),
        "answered": float(sure.mean()),
        "error_answered": float(wrong[sure].mean()) if sure.any() else None,
        "error_all": float(((probabilities >= 0.5) != (labels == 1)).mean()),
    }


def _disagreement(
    readout: Readout | CoalitionReadout,
    tables: TrustTables,
    findings: Sequence[str],
    features: Tensor,
    labels: Values,
    probabilities: Tensor,
) -> dict[str, Any]:
    """By finding: how many cases are warned of, and the errors among them and the others."""
    apart = np.zeros(labels.shape, bool)
    for i, contributions in enumerate(readout.contributions(features)):
        said = {
            d.finding
            for d in disagreements(tuple(findings), tables.modalities, contributions, tables.pushes)
        }
        apart[i] = [finding in said for finding in findings]
    wrong = (probabilities.numpy() >= 0.5) != (labels == 1)
    section = {}
    for c, finding in enumerate(findings):
        known = ~np.isnan(labels[:, c])
        yes, no = known & apart[:, c], known & ~apart[:, c]
        section[finding] = {
            "n": int(known.sum()),
            "warned": int(yes.sum()),
            "error_warned": float(wrong[yes, c].mean()) if yes.any() else None,
            "error_others": float(wrong[no, c].mean()) if no.any() else None,
        }
    return section


def _shift(
    predictor: Predictor,
    tables: TrustTables,
    corpus: Corpus,
    features: Tensor,
    texts: Sequence[str],
    odd: Sequence[OddInput],
    progress: Progress,
) -> dict[str, Any]:
    """The section ``shift``: false alarms by source, and each odd kind against the corpus's own.

    Each film and recording counts once.
    """
    usual = {
        m: _usual(tables, corpus, features, texts, m, predictor.config) for m in tables.modalities
    }
    sources = corpus.manifest.rows["source"].to_numpy(str)
    parts: dict[str, dict[str, Values]] = {}
    for modality, (cases, strange) in usual.items():
        names = sources[cases] if modality != "audio" else np.full(len(cases), "recordings")
        parts[modality] = {str(name): strange[names == name] for name in np.unique(names)}
    alarms = {
        modality: {
            name: {"n": len(strange), "flagged": _past(strange)} for name, strange in held.items()
        }
        for modality, held in parts.items()
    }
    found: dict[tuple[str, str], list[float]] = {}
    for done, entry in enumerate(odd, 1):
        case = entry.read()
        prediction = predictor.predict(case)
        if prediction.present:
            judgement = judge(case, prediction, predictor.config)
            strangeness = judgement.shifts[0].strangeness
            found.setdefault((entry.kind, entry.modality), []).append(strangeness)
        progress("odd", done, len(odd))
    kinds = {}
    for (kind, modality), values in found.items():
        strange, known = np.array(values), usual[modality][1]
        kinds[kind] = {
            "modality": modality,
            "n": len(strange),
            "against": len(known),
            "auroc": _told_apart(strange, known) if len(known) else None,
            "auroc_by_source": {n: _told_apart(strange, k) for n, k in parts[modality].items()},
            "flagged": _past(strange),
        }
    return {"false_alarms": alarms, "kinds": kinds}


def _told_apart(odd: Values, usual: Values) -> float:
    """AUROC of strangeness, odd parts against usual ones."""
    truth = np.r_[np.ones(len(odd)), np.zeros(len(usual))]
    return float(roc_auc_score(truth, np.r_[odd, usual]))


def _past(strangeness: Values) -> float:
    return float((strangeness > 1).mean())


def _usual(
    tables: TrustTables,
    corpus: Corpus,
    features: Tensor,
    texts: Sequence[str],
    modality: str,
    config: ModelConfig,
) -> tuple[NDArray[np.int64], Values]:
    """A case of each of the corpus's own parts of a modality, and how strange that part is."""
    place, cases = tables.modalities.index(modality), corpus.distinct(modality)

    def seen(case: int) -> Shift:
        cues = corpus.cues(modality, case, texts[case], config)
        return shift_of(tables, modality, features[case, place], cues)

    return cases, np.array([seen(case).strangeness for case in cases.tolist()])
