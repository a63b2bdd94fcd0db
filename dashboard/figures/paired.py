"""A comparison's report -> plotly figures."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.colours import GREY
from dashboard.figures.evaluation import lines
from dashboard.figures.evaluation import roc as rocs
from dashboard.text import Texts
from mmbm.compare.figures import FindingReport
from mmbm.record import Roc

__all__ = ["decision", "roc"]


def roc(found: FindingReport, say: Texts) -> go.Figure:
    """The ROC curves of all models together."""
    return rocs({c.model: Roc(fpr=c.fpr, tpr=c.tpr) for c in found.roc}, say)


def decision(found: FindingReport, say: Texts) -> go.Figure:
    """Net benefit by threshold probability, with that of treating all and none."""
    curves = found.decision
    figure = lines({name: (curves.thresholds, values) for name, values in curves.models.items()})
    positives = found.positives / found.cases
    for key, values, dash in (
        ("paired.all", curves.treat_all, "dot"),
        ("paired.none", (0.0,) * len(curves.thresholds), "dash"),
    ):
        line = {"color": GREY, "dash": dash, "width": 1.5}
        figure.add_trace(
            go.Scatter(x=curves.thresholds, y=values, mode="lines", name=say(key), line=line)
        )
    figure.update_xaxes(range=[0, 1], title_text=say("paired.threshold"))
    # far below nothing is no use to anyone, and would flatten the rest
    figure.update_yaxes(range=[-0.1 * positives, 1.1 * positives], title_text=say("paired.benefit"))
    return figure
