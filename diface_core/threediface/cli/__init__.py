"""The command `python -m diface_core threediface`: evaluation of models by the original's config and flags."""
