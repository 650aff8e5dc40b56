"""Settings of the scene, of edits and of the 3DiFACE models, preferences, and the state of the running job."""
