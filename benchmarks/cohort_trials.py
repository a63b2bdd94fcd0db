"""In how many simulated trials the 95 % intervals of a cohort's report hold the truth.

    python benchmarks/cohort_trials.py --trials 1000

Trials of two arms of 60, once with normal and once with skewed scores, where the treated change by
0.6 more. Counted are Welch's interval, the bootstrap's and the one adjusted for the baseline, and
how often Holm's procedure calls anything where nothing differs, over two visits.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from mmbm.cohort.arms import differences
from mmbm.cohort.example import simulated
from mmbm.cohort.table import read_cohort

INTERVALS = ("ci", "bootstrap_ci", "adjusted_ci")


def coverage(trials: int, effect: float = -0.6, skewed: bool = False) -> dict[str, float]:
    """In which share of the trials each interval held the true difference."""
    held = dict.fromkeys(INTERVALS, 0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trial.csv"
        for seed in range(trials):
            simulated(seed, effect=effect, visits=("0", "12"), skewed=skewed).to_csv(path)
            (found,) = differences(read_cohort(path, "pneumonia"), seed=seed)
            for name in INTERVALS:
                low, high = getattr(found, name)
                held[name] += low <= effect <= high
    return {name: count / trials for name, count in held.items()}


def false_alarms(trials: int) -> float:
    """In which share of trials without a difference one is called at any visit, by Holm."""
    alarms = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trial.csv"
        for seed in range(trials):
            simulated(seed, effect=0.0).to_csv(path)
            alarms += any(d.p_holm < 0.05 for d in differences(read_cohort(path, "pneumonia")))
    return alarms / trials


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=1000)
    trials = parser.parse_args().trials
    for skewed in (False, True):
        shares = coverage(trials, skewed=skewed)
        told = ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
        print(f"{trials} trials, {'skewed' if skewed else 'normal'}: {told}", flush=True)
    print(f"called where nothing differs, by Holm: {false_alarms(trials):.1%}")


if __name__ == "__main__":
    main()
