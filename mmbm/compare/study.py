"""Several models on the same cases: every finding that all of them score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from mmbm.cohort.arms import holms
from mmbm.compare.decision import decision
from mmbm.compare.delong import delong
from mmbm.compare.figures import (
    CompareReport,
    Difference,
    Figure,
    FindingReport,
    LeftOut,
    ModelFigures,
    RocCurve,
    ScoredFile,
)
from mmbm.compare.paired import DRAWS, bounds, drawn, two_sided
from mmbm.compare.scores import Scores, Together, apart, together
from mmbm.errors import ConfigError, ManifestError
from mmbm.record.figures import FEWEST
from mmbm.text import name_of, sentence

__all__ = ["compare_scores"]

Values = NDArray[np.float64]
Points: TypeAlias = "Literal['val'] | Sequence[float]"
CURVE = 200  # points of a ROC curve, at most
FIGURES: tuple[Figure, ...] = ("auroc", "sensitivity", "specificity")


def compare_scores(
    files: Sequence[Scores],
    labels: Scores | None = None,
    *,
    finding: str | None = None,
    split: str | None = None,
    thresholds: Points = (0.5,),
    draws: int = DRAWS,
    seed: int = 0,
) -> CompareReport:
    """Compare each of the models with the first.

    ``labels`` is a manifest, where the files hold no labels; ``split`` test where there is one,
    else all; ``thresholds`` one operating point for all models, one for each, or ``"val"``: where
    sensitivity and specificity together are highest on the split val.

    Raises
    ------
    ConfigError, ManifestError
    """
    names = apart([f.model for f in files])
    files = [replace(f, model=name) for f, name in zip(files, names, strict=True)]
    if len(files) < 2:
        raise ConfigError(sentence("compare.two"))
    whole = together(files, labels)
    tested, split = whole.of_split(split)
    findings = _findings(files, finding)
    points = _points(thresholds, whole, len(files))
    found: list[FindingReport] = []
    left = [LeftOut(finding=f, why="not_in_all") for f in _in_some(files)] if not finding else []
    for name in findings:
        at = points(name)
        if at is None:
            left.append(LeftOut(finding=name, why="no_val"))
            continue
        made = _compared(tested, name, at, draws, seed)
        if isinstance(made, LeftOut):
            left.append(made)
        else:
            found.append(made)
    if not found:
        reasons = tuple(
            sentence(f"compare.left.{one.why}", name=name_of("finding", one.finding))
            for one in left
        )
        raise ManifestError(sentence("compare.nothing", reasons=reasons or ("–",)))
    return CompareReport(
        notice=str(sentence("report.notice")),
        files=tuple(
            ScoredFile(model=f.model, file=f.file, sha256=f.sha256, rows=len(f.table))
            for f in files
        ),
        split=split,
        cases=len(tested.cases),
        in_some=whole.in_some,
        patients_named=tested.patients()[1],
        draws=draws,
        findings=_corrected(found),
        left_out=tuple(left),
    )


def _findings(files: Sequence[Scores], wanted: str | None) -> tuple[str, ...]:
    if wanted is None:
        return tuple(f for f in files[0].findings if all(f in o.findings for o in files))
    for file in files:
        if wanted not in file.findings:
            raise ManifestError(
                sentence("compare.no_finding", file=file.file, finding=wanted, known=file.findings)
            )
    return (wanted,)


def _in_some(files: Sequence[Scores]) -> list[str]:
    every = dict.fromkeys(f for file in files for f in file.findings)
    return [f for f in every if not all(f in file.findings for file in files)]


def _points(wanted: Points, whole: Together, models: int) -> Callable[[str], Values | None]:
    """The operating points of the models, (k,), by finding; None where they cannot be chosen."""
    if wanted == "val":
        val, _ = whole.of_split("val")
        return lambda finding: _youden(val, finding)
    numbers = tuple(float(t) for t in wanted)
    if len(numbers) not in (1, models) or not all(0 < t < 1 for t in numbers):
        raise ConfigError(sentence("compare.thresholds"))
    fixed: Values = np.broadcast_to(np.array(numbers), (models,)).copy()
    return lambda finding: fixed


def _youden(val: Together, finding: str) -> Values | None:
    """Where sensitivity and specificity together are highest. Source: Youden, Cancer 1950."""
    known = _known(val, finding)
    if known is None:
        return None
    labels = known.labels[known.kept]
    if min((labels == 1).sum(), (labels == 0).sum()) < FEWEST:
        return None
    points = []
    for scored in known.scored[:, known.kept]:
        false, true, at = roc_curve(labels, scored)
        best = int(np.argmax((true - false)[1:])) + 1  # before it nobody is called positive
        below = scored[scored < at[best]]
        points.append((at[best] + below.max()) / 2 if len(below) else at[best])
    return np.array(points)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a finding in the cases of all files."""

    scored: Values  # (k, n), NaN where a model has no score
    labels: Values  # (n,) 0, 1 or NaN
    odd: NDArray[np.bool_]  # (n,) where a label is neither 1 nor 0

    @property
    def kept(self) -> NDArray[np.bool_]:
        """(n,) the cases that have all."""
        return ~np.isnan(self.labels) & ~np.isnan(self.scored).any(0)


def _known(of: Together, finding: str) -> _Known | None:
    """None where no file has labels of a finding."""
    found = of.labels(finding)
    if found is None:
        return None
    scored = np.stack([f.probabilities(finding, of.cases) for f in of.files])
    return _Known(scored, *found)


def _compared(
    of: Together, finding: str, points: Values, draws: int, seed: int
) -> FindingReport | LeftOut:
    known = _known(of, finding)
    if known is None or np.isnan(known.labels).all():
        odd = known is not None and bool(known.odd.any())
        return LeftOut(finding=finding, why="odd_labels" if odd else "no_labels")
    kept = known.kept
    if not kept.any():
        return LeftOut(finding=finding, why="no_scores")
    scored, labels = known.scored[:, kept], known.labels[kept]
    if len(np.unique(labels)) < 2:
        return LeftOut(finding=finding, why="one_label")
    patients = of.patients()[0][kept]
    by_draw = drawn(scored, labels, patients, points, draws=draws, seed=seed)
    names = [file.model for file in of.files]
    positives = int(labels.sum())
    missing = map(int, np.isnan(known.scored).sum(1))
    return FindingReport(
        finding=finding,
        cases=len(labels),
        patients=len(np.unique(patients)),
        positives=positives,
        few=min(positives, len(labels) - positives) < FEWEST,
        no_score={name: n for name, n in zip(names, missing, strict=True) if n},
        no_label=int((np.isnan(known.labels) & ~known.odd).sum()),
        odd_label=int(known.odd.sum()),
        models=tuple(
            ModelFigures.model_validate(
                {"model": name, "threshold": float(points[k])}
                | {f: float(by_draw[f][0, k]) for f in FIGURES}
                | {f"{f}_ci": bounds(by_draw[f][1:, k]) for f in FIGURES}
            )
            for k, name in enumerate(names)
        ),
        differences=tuple(
            _difference(figure, by_draw[figure], k, names, scored, labels)
            for k in range(1, len(names))
            for figure in FIGURES
        ),
        roc=tuple(_curve(name, p, labels) for name, p in zip(names, scored, strict=True)),
        decision=decision(dict(zip(names, scored, strict=True)), labels),
    )


def _difference(
    figure: Figure, by_draw: Values, k: int, names: list[str], scored: Values, labels: Values
) -> Difference:
    """One figure of the model in place ``k`` less that of the first."""
    less = by_draw[:, k] - by_draw[:, 0]
    test = delong(scored[k], scored[0], labels) if figure == "auroc" else None
    return Difference(
        figure=figure,
        model=names[k],
        reference=names[0],
        difference=float(less[0]),
        ci=bounds(less[1:]),
        p=two_sided(less[1:]),
        p_holm=1.0,
        delong_ci=None if test is None else test.ci,
        delong_p=None if test is None else test.p,
    )


def _curve(name: str, scored: Values, labels: Values) -> RocCurve:
    false, true, _ = roc_curve(labels, scored)
    shown = np.unique(np.linspace(0, len(false) - 1, CURVE).round().astype(int))
    return RocCurve(
        model=name, fpr=tuple(map(float, false[shown])), tpr=tuple(map(float, true[shown]))
    )


def _corrected(found: list[FindingReport]) -> tuple[FindingReport, ...]:
    """With Holm's p-values over the differences of all findings."""
    corrected = iter(holms([d.p for one in found for d in one.differences]))
    return tuple(
        one.model_copy(
            update={
                "differences": tuple(
                    d.model_copy(update={"p_holm": next(corrected)}) for d in one.differences
                )
            }
        )
        for one in found
    )
