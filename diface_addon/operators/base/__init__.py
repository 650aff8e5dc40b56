"""Base classes of operators."""
