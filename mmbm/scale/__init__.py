"""Many cases: a manifest to a table of scores, in worker processes or on a cluster."""

from mmbm.scale.options import Options, Outcome, Stopped
from mmbm.scale.score import score

__all__ = ["Options", "Outcome", "Stopped", "score"]
