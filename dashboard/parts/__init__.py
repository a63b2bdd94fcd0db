"""Parts of pages: each reads a few widgets, calls the library, draws."""
