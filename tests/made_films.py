"""Films for tests of what surrounds a film and how it lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def chest(height: int = 200, width: int = 180) -> NDArray[np.float32]:
    """A film with grain, bright in the middle and dark at its sides, as a chest film is."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    body = 0.15 + 0.6 * np.exp(-((3 * x) ** 2)) + 0.15 * np.cos(9 * y)
    grain = np.random.default_rng(0).normal(0, 0.03, body.shape)
    return (body + grain).clip(0, 1).astype(np.float32)
