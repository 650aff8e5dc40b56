"""The detector of the tongue (`model/tongue_detector.py`): targets by articulation, training, measures."""
