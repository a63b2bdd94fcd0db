"""Files: a model folder with checksums, its tensors, the shipped ones, and files written whole."""
