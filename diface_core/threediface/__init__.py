"""The published 3DiFACE models (Thambiraja et al. 2025), run from the user's files: docs/research/threediface.md.

The *listener* is the face model whose audio encoder conditions the head, because head models have no audio encoder.
"""
