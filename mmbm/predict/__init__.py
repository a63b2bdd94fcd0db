"""Predictor: Case -> Prediction. The only place that knows device, threads and queue."""

from mmbm.predict.prediction import Event, Features, Finding, Prediction
from mmbm.predict.predictor import Predictor, load
from mmbm.predict.ready import Ready, make_ready

__all__ = [
    "Event",
    "Features",
    "Finding",
    "Prediction",
    "Predictor",
    "Ready",
    "load",
    "make_ready",
]
