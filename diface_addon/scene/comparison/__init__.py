"""Comparing takes: copies of the character that play another one."""
