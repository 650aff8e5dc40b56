"""Edits: regenerated motion, splices and converted takes, written as new takes."""
