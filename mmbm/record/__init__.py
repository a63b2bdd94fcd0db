"""The evaluation record: a model's measured figures, and what each finding may be called by it."""
