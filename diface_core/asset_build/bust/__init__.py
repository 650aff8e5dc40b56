"""The bundled head's mesh, built from MakeHuman's data."""
