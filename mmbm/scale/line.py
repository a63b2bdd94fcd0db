"""One scored case as a line of the result: every account, and how far to believe it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmbm.analysis import late_warnings
from mmbm.explain.ledger import ledger
from mmbm.explain.maps import finer_maps
from mmbm.predict import Prediction, Predictor, Ready
from mmbm.scale.rows import Index, Row
from mmbm.text import Language, Sentence, as_sentence
from mmbm.trust.judge import Judgement, judge_by, warnings_of

__all__ = ["Line", "line_of", "maps_of", "refused_line"]

Maps = dict[str, NDArray[np.float32]]


class Line(NamedTuple):
    """What is written of one row."""

    values: dict[str, Any]  # by column of :mod:`mmbm.scale.table`
    maps: Maps  # by name in the shard of maps; empty where none were asked for


def about(index: Index, row: Row) -> dict[str, Any]:
    """What the manifest says of a case."""
    told = {column_of(name): row.cells.get(name, "") for name in index.about}
    return {"row": row.number, "line": row.line, "case_id": row.case, **told}


def column_of(name: str) -> str:
    """The result's column for one of the manifest's, which none of the result's own is called."""
    return f"manifest.{name}" if name in OWN or "." in name else name


OWN = {"row", "line", "case_id", "model", "model_sha256", "device", "warnings", "refused",
       "refused_code", "disagree", "notice"}  # fmt: skip


def line_of(
    index: Index, row: Row, ready: Ready, prediction: Prediction, predictor: Predictor, level: float
) -> dict[str, Any]:
    """A scored row's columns."""
    judgement = judge_by(ready.cues, prediction, level)
    identity = prediction.identity
    line = about(index, row) | {
        "model": f"{identity.name} {identity.version}",
        "model_sha256": identity.sha256,
        "device": prediction.device,
        "disagree": [d.finding for d in judgement.disagreements],
        "warnings": warned(prediction, judgement),
    }
    verdicts = {answer.finding: answer.verdict for answer in judgement.answers}
    for account in ledger(prediction):
        name = account.finding
        line |= {
            f"{name}.probability": account.probability,
            f"{name}.logit": account.logit,
            f"{name}.base": account.base,
            f"{name}.interaction": account.interaction,
            f"{name}.answer": verdicts[name],
            f"{name}.status": predictor.standing.get(name, "not_assessed"),
        }
        for modality, share in account.contributions.items():
            low, high = account.intervals.get(modality, (None, None))
            line[f"{name}.contribution.{modality}"] = share
            line[f"{name}.low.{modality}"], line[f"{name}.high.{modality}"] = low, high
    shifts = {shift.modality: shift for shift in judgement.shifts}
    for modality in prediction.modalities:
        line[f"{modality}.present"] = modality in prediction.present
        if modality in shifts:
            shift = shifts[modality]
            line[f"{modality}.shift"] = shift.cue
            line[f"{modality}.strangeness"] = shift.strangeness
            line[f"{modality}.flagged"] = shift.flagged
    for modality, told in prediction.events.items():
        line |= {f"{modality}.event.{event.name}": event.probability for event in told}
    return line


def refused_line(index: Index, row: Row, why: Sentence, language: Language) -> dict[str, Any]:
    """The columns of a row that was not scored."""
    return about(index, row) | {"refused": why.into(language), "refused_code": why.code}


def warned(prediction: Prediction, judgement: Judgement) -> list[str]:
    """The codes of all warnings, which hold no value of the case."""
    said = (*prediction.warnings, *late_warnings(prediction), *warnings_of(judgement))
    return [as_sentence(each).code for each in said]


def maps_of(predictor: Predictor, prediction: Prediction, row: Row) -> Maps:
    """The maps that the page shows, ``<row>.<modality>`` (findings, …), in logits.

    Of a part whose map is a sequence of shares, ``<row>.<modality>.spans`` (n, 2) are their places.
    """
    found: Maps = {}
    all_maps = finer_maps(predictor, prediction)
    for modality in prediction.present:
        values = [maps.values(modality) for maps in all_maps]
        name = f"{row.number}.{modality}"
        if isinstance(values[0], np.ndarray):
            found[name] = np.stack(values).astype(np.float32)
            continue
        shares = [[piece.share for piece in pieces] for pieces in values]
        spans = [(piece.start, piece.end) for piece in values[0]]
        found[name] = np.array(shares, np.float32)
        found[f"{name}.spans"] = np.array(spans, np.float32).reshape(-1, 2)
    return found
