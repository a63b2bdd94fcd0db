"""The result of one case as one A4 page that a clinician reads."""
