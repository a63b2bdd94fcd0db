"""Input-level attributions: which pixels, words and seconds carried a contribution.

Each method runs through one encoder only, against the fixed direction ``w_i W_c`` in which that
modality moves that finding; the rest of the net is linear and needs no attribution.

What a map may cost decides the default. Integrated gradients need 64 and more gradients before
the sum over a film's pixels holds to 1 %, whichever early layer they start from (``python
benchmarks/explain.py --curve``). DeepLIFT's rescale rule is complete to rounding after one pass
each way, through a recurrent net's gates too (``gates.py``); so it comes first on films, words and
log-mel bands. On samples, and where the rule does not hold, integrated gradients take its place.
"""

from mmbm.explain.attribution.attribute import (
    METHODS,
    NO_BASELINE,
    attribute,
    closer_maps,
)
from mmbm.explain.attribution.cross_checks import (
    feature_conductance,
    modality_shapley,
    shapley_values,
)
from mmbm.explain.attribution.judged import Evidence, evidence, weight_shuffled
from mmbm.explain.attribution.randomised import randomised_maps, strongest_finding
from mmbm.explain.attribution.result import Attribution
from mmbm.explain.attribution.spaces import Contribution, Space, space_of
from mmbm.explain.attribution.work import Progress, Work

__all__ = [
    "METHODS",
    "NO_BASELINE",
    "Attribution",
    "Contribution",
    "Evidence",
    "Progress",
    "Space",
    "Work",
    "attribute",
    "closer_maps",
    "evidence",
    "feature_conductance",
    "modality_shapley",
    "randomised_maps",
    "shapley_values",
    "space_of",
    "strongest_finding",
    "weight_shuffled",
]
