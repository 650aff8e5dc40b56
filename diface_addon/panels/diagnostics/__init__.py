"""The panel Diagnostics."""
