"""Motion as arrays: files, resampling, warping to constraints, segments to regenerate. numpy only."""
