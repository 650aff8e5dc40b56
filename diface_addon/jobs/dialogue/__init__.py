"""A dialogue: the lines of a scene, their state, and the jobs that generate them."""
