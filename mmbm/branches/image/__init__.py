"""The chest X-ray: how it is prepared, encoded, explained, edited and doubted."""
