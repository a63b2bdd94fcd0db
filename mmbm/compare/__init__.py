"""Compare: several models on the same cases, by paired differences and decision curves."""
