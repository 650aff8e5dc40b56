"""The published 3DiFACE models (Thambiraja et al. 2025) from the user's own files: docs/research/threediface.md."""
