"""What the two command lines share: a configuration, and what is said instead of single settings."""

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
    """Read the configuration, do the work, return the exit status; what the user can mend goes to standard error."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}", description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("config", type=Path, help="a TOML file, such as those in diface_core/training/configs")
    parser.add_argument("--again", action="store_true", help="start over instead of resuming")
    parser.add_argument("--steps", type=int, help="instead of the config's")
    parser.add_argument("--out", type=Path, help="instead of the config's")
    parser.add_argument("--data", type=Path, help="the folder of recordings, instead of the config's")
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
    """The settings with what the command line says instead."""
    return dataclasses.replace(
        config,
        steps=options.steps or config.steps,
        out=options.out or config.out,
        data=dataclasses.replace(config.data, folder=options.data or config.data.folder),
    )
