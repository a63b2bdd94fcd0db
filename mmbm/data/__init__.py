"""Manifests, recipes and generated cases."""
