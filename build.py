#!/usr/bin/env python3
"""Start the project's commands: `python3 build.py` lists them. The code is in tools/build/."""

# Every Python must be able to read this file, so that an old one prints the message and not a syntax error.
import sys

if sys.version_info < (3, 9):
    sys.exit("build.py needs Python 3.9 or newer, preferably 3.11. This is Python " + sys.version.split()[0] + ".")

from tools.build.cli import main

if __name__ == "__main__":
    sys.exit(main())
