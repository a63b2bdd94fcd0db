"""One endpoint of one file of scores, with all its figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from mmbm.cohort import arms
from mmbm.cohort.figures import CohortReport, LeftOut
from mmbm.cohort.survival import survival
from mmbm.cohort.table import Cohort, read_cohort
from mmbm.errors import ConfigError
from mmbm.text import sentence

__all__ = ["study", "study_of"]


def study(
    path: Path,
    endpoint: str | None = None,
    *,
    control: str | None = None,
    baseline: str | None = None,
    wanted: float | None = None,
    power: float = 0.8,
    stored: Sequence[Mapping[str, str | float]] | None = None,
) -> CohortReport:
    """Read a file of scores and work out its figures.

    ``endpoint``, ``control``, ``baseline`` and ``stored`` are as in :func:`read_cohort`;
    ``wanted`` is the difference that a sample size is asked for, to be seen with this ``power``.

    Raises
    ------
    UnreadableFile, ManifestError
    ConfigError
        The extra "cohort" is not installed, a power that is none, or a difference that is none.
    """
    if find_spec("statsmodels") is None:
        raise ConfigError(sentence("cohort.extra"))
    if not arms.ALPHA < power < 1:  # with less than it every difference is seen by chance
        raise ConfigError(sentence("cohort.power"))
    if wanted is not None and (not math.isfinite(wanted) or wanted == 0):
        raise ConfigError(sentence("cohort.wanted"))
    return study_of(read_cohort(path, endpoint, control, baseline, stored), wanted, power)


def study_of(cohort: Cohort, wanted: float | None = None, power: float = 0.8) -> CohortReport:
    """The figures of a cohort that was read."""
    people = cohort.scores["patient"]
    first = cohort.scores.loc[cohort.scores["visit"] == cohort.visits[0], "patient"]
    several = len(cohort.visits) > 1
    return CohortReport(
        notice=str(sentence("report.notice")),
        wording=str(sentence("cohort.wording")),
        file=cohort.file,
        sha256=cohort.sha256,
        endpoint=cohort.endpoint,
        rows=cohort.rows,
        patients=people.nunique(),
        arms=cohort.arms,
        control=cohort.arms[0] if len(cohort.arms) > 1 else None,
        visits=cohort.visits,
        baseline=cohort.visits[0] if several else None,
        left_out=LeftOut(
            no_number=cohort.no_number,
            no_patient=cohort.no_patient,
            no_arm=cohort.no_arm,
            no_baseline=people.nunique() - first.nunique() if several else 0,
            no_time=cohort.no_time,
            not_stored=cohort.not_stored,
        ),
        groups=arms.groups(cohort),
        changes=arms.changes(cohort),
        differences=arms.differences(cohort) if len(cohort.arms) > 1 else (),
        sample_size=None if wanted is None else arms.sample_size(cohort, wanted, power=power),
        survival=survival(cohort),
    )
