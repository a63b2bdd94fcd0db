"""The forms that the database had, and how each becomes the next."""
