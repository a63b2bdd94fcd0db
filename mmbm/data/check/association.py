"""How far a label can be told from what is no sign of disease: source, view, parts, print.

Cramer's V (1946), corrected for chance as Bergsma (J. Korean Stat. Soc. 2013) has it, is 0 where
the two have nothing to do with one another and 1 where one gives the other. Theil's U (1970) is
the share of the label's entropy that knowing the group takes away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["ENOUGH", "FOLLOWS", "RARE", "Association", "associate", "cramers_v", "theils_u"]

FOLLOWS = 0.3  # Cramer's V from which on a label follows a group
RARE = 0.05  # part of a group's labelled cases below which it has only one side of the label
ENOUGH = 20  # labelled cases, below which nothing is measured

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Association:
    """One label against one grouping of the cases."""

    label: str
    against: str  # source, view, print, sharpness, file_size, image, notes or audio
    within: str  # the source that was looked at; blank: all of them
    groups: tuple[str, ...]
    negative: tuple[int, ...]  # cases of each group
    positive: tuple[int, ...]
    cramers_v: float
    theils_u: float

    @property
    def cases(self) -> int:
        """How many were measured."""
        return sum(self.negative) + sum(self.positive)

    @property
    def one_sided(self) -> tuple[str, ...]:
        """Groups of ``ENOUGH`` labelled cases or more that are (nearly) all alike."""
        both = zip(self.groups, self.negative, self.positive, strict=True)
        return tuple(g for g, n, p in both if n + p >= ENOUGH and min(n, p) < RARE * (n + p))


def associate(
    label: str, values: NDArray[np.float32], against: str, groups: Sequence[str], within: str = ""
) -> Association | None:
    """Measure one label, (cases,) of 1, 0 or NaN, against the group of each case.

    Cases of a blank label or group are left out. None where fewer than ``ENOUGH`` are left, or
    where label or group is the same in all of them.
    """
    table = pd.DataFrame({"label": values, "group": list(groups)})
    table = table[table["label"].notna() & (table["group"] != "")]
    counts = pd.crosstab(table["group"], table["label"]).reindex(columns=[0, 1], fill_value=0)
    cells = counts.to_numpy(np.int64)
    if len(table) < ENOUGH or len(counts) < 2 or not cells.sum(0).all():
        return None
    return Association(
        label=label,
        against=against,
        within=within,
        groups=tuple(str(name) for name in counts.index),
        negative=tuple(int(n) for n in cells[:, 0]),
        positive=tuple(int(n) for n in cells[:, 1]),
        cramers_v=cramers_v(cells),
        theils_u=theils_u(cells),
    )


def cramers_v(cells: Counts) -> float:
    """Of (groups, labels) counts without an empty row or column, corrected for chance."""
    n = int(cells.sum())
    expected = np.outer(cells.sum(1), cells.sum(0)) / n
    phi2 = float(((cells - expected) ** 2 / expected).sum()) / n
    rows, columns = cells.shape
    phi2 = max(0.0, phi2 - (rows - 1) * (columns - 1) / (n - 1))
    rows_less = rows - (rows - 1) ** 2 / (n - 1)
    columns_less = columns - (columns - 1) ** 2 / (n - 1)
    return min(1.0, math.sqrt(phi2 / (min(rows_less, columns_less) - 1)))


def theils_u(cells: Counts) -> float:
    """Of (groups, labels) counts: how much of the label's entropy the group takes away."""
    shares = cells / cells.sum()
    label = _entropy(shares.sum(0))
    left = _entropy(shares.ravel()) - _entropy(shares.sum(1))
    return max(0.0, 1.0 - left / label)


def _entropy(shares: NDArray[np.float64]) -> float:
    """In nats."""
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum())
