"""Takes of a character that says nothing: idle, or listening to another one."""
