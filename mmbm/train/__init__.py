"""Training: one loss over every coalition of modalities, on one process or several."""

from mmbm.data.manifest import even_weights
from mmbm.train.begin import begin
from mmbm.train.loop import Step, Trained, train
from mmbm.train.loss import COALITIONS, coalition_loss, sound_loss
from mmbm.train.processes import Processes, processes

__all__ = [
    "COALITIONS",
    "Processes",
    "Step",
    "Trained",
    "begin",
    "coalition_loss",
    "even_weights",
    "processes",
    "sound_loss",
    "train",
]
