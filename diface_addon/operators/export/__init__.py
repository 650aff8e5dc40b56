"""Operators that write files: FBX, Alembic, playblast."""
