"""Gaze at a target: the eyes of a finished motion follow it, and the head takes part. numpy only."""
