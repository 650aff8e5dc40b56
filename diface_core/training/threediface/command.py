"""Command line shared by training and adaptation: a configuration, and overrides of single settings."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...errors import DifaceError
from .. import resume
from .settings import ConfigT, read_config


def run_command(
    module: str,
    description: str | None,
    kind: type[ConfigT],
    work: Callable[[ConfigT], Any],
    arguments: Sequence[str] | None,
) -> int:
    """Read a configuration, run `work` with it and return the exit status; print the user's errors to standard error.

    Args:
        module: The module that was started.
        description: Its description.
        kind: Class of its configuration.
        work: Called with the configuration.
        arguments: Command line; None is that of the process.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}", description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("config", type=Path, help="a TOML file, such as those in diface_core/training/configs")
    parser.add_argument("--again", action="store_true", help="start over instead of resuming")
    parser.add_argument("--steps", type=int, help="training steps, instead of the config's")
    parser.add_argument("--out", type=Path, help="checkpoint folder, instead of the config's")
    parser.add_argument("--data", type=Path, help="folder of recordings, instead of the config's")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        config = _with_overrides(read_config(options.config, kind), options)
        if options.again:
            resume.resume_file(config).unlink(missing_ok=True)
        work(config)
    except DifaceError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return 2
    return 0


def _with_overrides(config: ConfigT, options: argparse.Namespace) -> ConfigT:
    """Return the settings with the overrides of the command line."""
    return dataclasses.replace(
        config,
        steps=options.steps or config.steps,
        out=options.out or config.out,
        data=dataclasses.replace(config.data, folder=options.data or config.data.folder),
    )
