"""The notes branch."""
