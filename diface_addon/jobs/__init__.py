"""Jobs: requests that the worker processes, from the settings to the written result."""
