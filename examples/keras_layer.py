"""An exported model in a TensorFlow or Keras program: its ONNX file within a Keras layer.

    mmbm export --format onnx --out exported
    python examples/keras_layer.py exported/model.onnx        # needs tensorflow, onnxruntime, mmbm

Research use, not a medical device.
"""

import sys

import keras
import onnxruntime
import tensorflow as tf


class Account(keras.layers.Layer):
    """The exported model; no gradient goes through it."""

    def __init__(self, path, outputs=("probabilities", "base", "contributions"), **more):
        super().__init__(trainable=False, **more)
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.outputs = list(outputs)

    def call(self, feeds):
        names = [given.name for given in self.session.get_inputs()]

        def run(*tensors):
            given = {name: tensor.numpy() for name, tensor in zip(names, tensors, strict=True)}
            return self.session.run(self.outputs, given)

        return tf.py_function(run, [feeds[n] for n in names], [tf.float32] * len(self.outputs))


if __name__ == "__main__":
    import mmbm
    from mmbm.export import prepared
    from mmbm.model import checkpoint

    case = mmbm.read_case(notes="Fever, cough, crackles.")
    feeds = prepared([case], checkpoint.read("default"))
    probabilities, base, contributions = Account(sys.argv[1])(feeds)
    print(probabilities.numpy(), base.numpy(), contributions.numpy())
