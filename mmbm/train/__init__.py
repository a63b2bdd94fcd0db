"""Training: one loss over every coalition of modalities, on one process or several."""

from mmbm.data.manifest import even_weights
from mmbm.train.begin import begin
from mmbm.train.loop import Step, Trained, train
from mmbm.train.loss import coalition_loss, event_loss
from mmbm.train.processes import Processes, processes

__all__ = [
    "Processes",
    "Step",
    "Trained",
    "begin",
    "coalition_loss",
    "even_weights",
    "event_loss",
    "processes",
    "train",
]
