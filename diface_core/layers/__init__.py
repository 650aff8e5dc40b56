"""Motion layers besides the speech: blinks, gaze and breath. numpy only."""
