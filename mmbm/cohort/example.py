"""Made-up trials: the example that comes with the program, and those that figures are tried on."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["simulated"]


def simulated(
    seed: int,
    patients: int = 60,
    effect: float = -0.6,
    visits: tuple[str, ...] = ("0", "4", "12"),
    skewed: bool = False,
) -> pd.DataFrame:
    """Two arms of so many patients; the treated change by ``effect`` more at the last visit.

    Scores are logits; changes have a standard deviation of about 1. Patients with a lower score
    stay well longer; a quarter of them are lost from view before anything happens.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(2 * patients):
        treated = number % 2 == 1
        level = rng.normal(0.8, 1.0)
        days = float(np.ceil(rng.exponential(240 * np.exp(-0.4 * level + 0.3 * treated))))
        lost = float(np.ceil(rng.uniform(30, 700)))
        for k, visit in enumerate(visits):
            part = k / max(len(visits) - 1, 1)
            noise = rng.normal(0, 0.7) if not skewed else 0.7 * (rng.exponential() - 1)
            rows.append(
                {
                    "patient_id": f"P{number:03d}",
                    "arm": "treatment" if treated else "control",
                    "visit": visit,
                    "pneumonia.logit": round(level + part * effect * treated + noise, 4),
                    "time": int(min(days, lost)),
                    "event": int(days <= lost),
                }
            )
    return pd.DataFrame(rows)
