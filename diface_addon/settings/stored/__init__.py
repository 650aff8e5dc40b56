"""Settings as plain values, and where they are kept for library overrides."""
