"""The Keras layer around an exported model gives the model's numbers.

Where TensorFlow is not installed, the two things that the layer takes from it are stood in for: a
class to derive from, and a call of Python with tensors.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from mmbm.export import export_model, prepared
from mmbm.model import checkpoint
from mmbm.predict import Predictor
from tests.made_cases import case

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "keras_layer.py"


class Tensor:
    """What the layer's function is called with."""

    def __init__(self, values):
        self.values = values

    def numpy(self):
        return self.values


class Layer:
    """A layer that is called."""

    def __init__(self, trainable):
        self.trainable = trainable

    def __call__(self, feeds):
        return self.call(feeds)


def stand_in(patch):
    keras, tensorflow = types.ModuleType("keras"), types.ModuleType("tensorflow")
    keras.layers = types.SimpleNamespace(Layer=Layer)
    tensorflow.float32 = np.float32

    def py_function(run, given, kinds):
        found = run(*map(Tensor, given))
        assert [values.dtype for values in found] == kinds
        return [Tensor(values) for values in found]

    tensorflow.py_function = py_function
    patch.setitem(sys.modules, "keras", keras)
    patch.setitem(sys.modules, "tensorflow", tensorflow)


def test_the_layer_gives_the_model_s_numbers(tiny_model_dir, tmp_path, monkeypatch):
    if importlib.util.find_spec("tensorflow") is None:
        stand_in(monkeypatch)
    export_model(tiny_model_dir, tmp_path, formats=("onnx",))
    spec = importlib.util.spec_from_file_location("keras_layer", EXAMPLE)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    feeds = prepared([case()], checkpoint.read(tiny_model_dir))
    layer = example.Account(str(tmp_path / "model.onnx"))
    probabilities, base, contributions = (each.numpy()[0] for each in layer(feeds))
    alone = Predictor.load(tiny_model_dir, "cpu").predict(case())
    truly = [finding.probability for finding in alone.findings]
    assert not layer.trainable
    assert probabilities == pytest.approx(truly, abs=1e-4)
    assert base + contributions.sum(1) == pytest.approx(
        [finding.logit for finding in alone.findings], abs=1e-4
    )
