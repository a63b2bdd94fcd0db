"""What training does to an example: each of its parts changed as another hospital might have it."""
