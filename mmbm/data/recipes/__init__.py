"""One file a source: ``read(folder)`` gives its rows, labelled and split by patient."""
