"""Recorded faces: files of face trackers and of other generators, as ARKit's weights over time. numpy only."""
