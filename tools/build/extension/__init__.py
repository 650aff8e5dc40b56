"""The Blender extension as a zip file: its wheels, its files, and the zip."""
