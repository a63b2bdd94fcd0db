"""The lung sound: how it is prepared, encoded, explained, edited and doubted."""
