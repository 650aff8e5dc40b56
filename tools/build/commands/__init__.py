"""One module per command of build.py, listed in tools/build/cli.py.

Each module has a docstring whose first line is the command's help text, `add_arguments(parser)` and `run(arguments)`,
which returns the exit code.
"""
