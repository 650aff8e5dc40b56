"""Bones that channels shift instead of turning them: the tongue, and targets that eyes follow."""
