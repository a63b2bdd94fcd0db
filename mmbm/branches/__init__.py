"""What prepares, encodes, explains and edits one modality: a folder for each."""
