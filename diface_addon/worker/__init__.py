"""The worker process: start it, send it requests, read its results. Does not import bpy."""
