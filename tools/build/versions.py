"""Versions of Blender and Python that the project is built and tested with."""

BLENDERS = {"4.2": "3.11", "4.5": "3.11", "5.0": "3.11", "5.2": "3.13"}
"""Tested Blender versions, each with the Python version that its bpy module is built for."""

MAIN_BLENDER = "4.5"
"""Runs the demo and builds the zip: the oldest version whose bpy module can write video with sound."""

CORE_PYTHON = "3.11"
