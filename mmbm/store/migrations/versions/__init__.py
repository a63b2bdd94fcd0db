"""One step a file; none is changed once it is published."""
