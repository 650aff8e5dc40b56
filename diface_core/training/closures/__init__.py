"""The detector of m, b and p (`model/closure_detector.py`): labels, training, weights."""
