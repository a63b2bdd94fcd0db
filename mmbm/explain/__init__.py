"""Explanations: the ledger, the maps, the attributions."""
