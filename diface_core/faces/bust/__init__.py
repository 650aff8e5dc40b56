"""How the bundled head is made from MakeHuman's data: one part of the bust a file."""
