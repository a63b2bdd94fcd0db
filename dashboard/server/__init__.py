"""The server around the pages: what it listens to, what it tells browsers, what it forgets when."""
