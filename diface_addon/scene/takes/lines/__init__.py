"""Lines of dialogue: takes of one character that play one after the other, each on its own frames."""
