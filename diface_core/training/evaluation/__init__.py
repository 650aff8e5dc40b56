"""Evaluation of trained models: tables of measures, baselines and comparisons."""
