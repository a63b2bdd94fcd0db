"""The only user of caches: the models, loaded once for all readers.

Nothing of a patient is kept here; ``st.cache_*`` is shared by all who open the page.
"""

from __future__ import annotations

import gc
import os
from typing import Any

import streamlit as st

from mmbm.explain.verdict import Sanity, read_sanity
from mmbm.io import warm
from mmbm.model.facts import read_facts
from mmbm.predict import Predictor

__all__ = ["other_predictor", "predictor", "sanity", "thresholds"]


@st.cache_resource(max_entries=2, show_spinner=False)
def _load(model: str, device: str) -> Predictor:
    warm()  # the decoder starts while the weights are read
    loaded = Predictor.load(model, device)
    # Streamlit collects garbage after every run of a page, holding up all threads while it looks
    # through every object there is, half a million. Those of libraries and models are here to stay.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    return loaded


def predictor() -> Predictor:
    """The model that ``MMBM_MODEL`` names, on ``MMBM_DEVICE``, loaded once for all readers.

    Raises ModelError.
    """
    return other_predictor(os.environ.get("MMBM_MODEL", "default"))


def other_predictor(model: str) -> Predictor:
    """Another model, by name or folder, on ``MMBM_DEVICE``; the two asked for last are kept.

    Raises ModelError.
    """
    return _load(model, os.environ.get("MMBM_DEVICE", "auto"))


def thresholds() -> dict[str, float]:
    """The operating point of each finding, as the model's card has it; empty without one."""
    point: dict[str, Any] = read_facts(predictor().folder).get("operating_point", {})
    found: dict[str, float] = point.get("thresholds", {})
    return found


def sanity() -> tuple[Sanity, ...]:
    """The sanity checks stored with the model; none where they were not made. Raises ModelError."""
    model = predictor()
    return read_sanity(model.folder, model.identity.sha256)
