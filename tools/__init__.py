"""Tools for working on the project. None of them is part of the extension."""
