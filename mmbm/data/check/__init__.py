"""What is wrong with a manifest's data: :func:`mmbm.data.check.check.check` and its parts."""
