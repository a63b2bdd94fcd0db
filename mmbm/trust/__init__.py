"""Trust: what a probability or a map may be believed for."""
