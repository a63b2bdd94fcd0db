"""New: a manifest's first model, its settings and a training of a few minutes."""
