"""The command line of build.py."""

from __future__ import annotations

import argparse
import os
import sys
import types

from .commands import assets, bench, clean, coverage, demo, docs, fuzz, lint, rate, repository, test, wheels
from .commands import zip as zip_command
from .console import BuildError, say
from .libraries import PERMISSION

COMMANDS = (demo, test, lint, coverage, bench, fuzz, rate, docs, wheels, zip_command, repository, assets, clean)
"""The commands, in the order of the overview. A new command is a module in commands/ and an entry here."""

FIRST = (demo, test)
"""The commands that a newcomer needs."""

OVERVIEW = """\
build.py sets up the project and runs its tools. Start with:

{first}

All commands:

{all}

`python3 build.py COMMAND --help` shows the options of a command. The first run downloads about 3 GB of pinned packages
into .build/; later runs need no network."""


def main(words: list[str] | None = None) -> int:
    """Run a command line, by default this process's; return the exit code."""
    given = parse(words)
    if given.module is None:
        say(overview())
        return 0
    if given.install_libraries:
        os.environ[PERMISSION] = "1"
    try:
        return given.module.run(given)
    except BuildError as problem:
        print(f"\n{problem}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nInterrupted. Run the same command again to continue.", file=sys.stderr)
    return 1


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """Return the arguments of a command line and its command as `module`, None without a command."""
    return _parser().parse_args(words)


def overview() -> str:
    """Return what build.py can do: the commands with one line each."""
    return OVERVIEW.format(first=_table(FIRST, "python3 build.py "), all=_table(COMMANDS))


def _table(modules: tuple[types.ModuleType, ...], prefix: str = "") -> str:
    """Return one indented line per command: its name and its summary."""
    return "\n".join(f"    {prefix}{_name(module):<9} {_summary(module)}" for module in modules)


def _name(module: types.ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _summary(module: types.ModuleType) -> str:
    """Return the first line of a command's docstring without its period."""
    return (module.__doc__ or "").partition("\n")[0].rstrip(".")


def _parser() -> argparse.ArgumentParser:
    """Return the parser with one subcommand per module."""
    parser = argparse.ArgumentParser(prog="build.py", description="Set up the project and run its tools.")
    parser.set_defaults(module=None)
    subcommands = parser.add_subparsers(metavar="COMMAND")
    for module in COMMANDS:
        subparser = subcommands.add_parser(_name(module), help=_summary(module), description=module.__doc__)
        subparser.set_defaults(module=module)
        module.add_arguments(subparser)
        subparser.add_argument(
            "--install-libraries", action="store_true", help="as root on Linux: install missing system libraries"
        )
    return parser
