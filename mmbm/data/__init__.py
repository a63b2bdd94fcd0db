"""Manifests and the cases they list; their checks, public sources and what is synthesised."""
