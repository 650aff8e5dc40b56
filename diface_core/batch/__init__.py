"""Many lines of speech in one run: a table of sounds becomes motion files, by several processes or machines."""
