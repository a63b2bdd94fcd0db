"""A model's files: its folder with checksums, its tensors, and where shipped ones lie."""
