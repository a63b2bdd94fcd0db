"""``python -m mmbm``, which ``torchrun`` needs."""

from mmbm.cli import app

app()
