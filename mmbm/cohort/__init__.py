"""Cohorts: a model's score as an exploratory endpoint, by arm and visit, and against survival."""
