"""What is wrong with a manifest's data: :func:`mmbm.data.quality.check.check` and its parts."""
