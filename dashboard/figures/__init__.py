"""Numbers -> plotly figures: a file for each thing that is drawn; pure functions."""
