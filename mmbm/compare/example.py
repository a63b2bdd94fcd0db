"""Made-up scores: the example that comes with the program, and those that figures are tried on."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["simulated"]


def simulated(
    seed: int, cases: int = 400, gains: tuple[float, ...] = (1.2, 1.6), alike: float = 0.6
) -> dict[str, pd.DataFrame]:
    """Scores of models A, B, … on the same cases, about two a patient, with their labels.

    Of a model with ``gain`` the log-odds of the two labels lie that many standard deviations
    apart; ``alike`` is how the models' errors go together.
    """
    rng = np.random.default_rng(seed)
    patient = rng.integers(max(cases // 2, 2), size=cases)
    label = (rng.random(max(cases // 2, 2)) < 0.4)[patient].astype(int)
    shared = rng.normal(size=cases)
    tables = {}
    for k, gain in enumerate(gains):
        own = rng.normal(size=cases)
        noise = np.sqrt(alike) * shared + np.sqrt(1 - alike) * own
        # by Bayes for two normals of equal spread: calibrated at this prevalence
        logit = gain * (gain * (label - 0.5) + noise) + np.log(0.4 / 0.6)
        tables[f"model-{chr(ord('A') + k)}"] = pd.DataFrame(
            {
                "case_id": [f"C{number:04d}" for number in range(cases)],
                "patient_id": [f"P{number:04d}" for number in patient],
                "pneumonia": label,
                "pneumonia.probability": np.round(1 / (1 + np.exp(-logit)), 4),
            }
        )
    return tables
