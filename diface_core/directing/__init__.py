"""Directing a finished motion without the models: articulation controls. numpy only."""
