"""REST: the analyses of this machine's model for other programs, beside the pages or alone."""
