"""3DiFACE's `comp_syn.yaml` as its authors publish it, and a flag for every key of it."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

import yaml

from ...errors import DifaceError
from .config import EvaluationConfig
from .keys import SWITCH, Key, value_of

SHARED = {"head_motion_model": "head_", "face_motion_model": "face_", "listener_model": "listener_"}
"""Sections that have the same keys, and how the flags of those begin."""

HINT = "Choose 3DiFACE's comp_syn.yaml, or one laid out as it is (docs/research/threediface_cli.md)."


def read_config(path: Path) -> tuple[EvaluationConfig, tuple[str, ...]]:
    """The config in a file, and a warning for every key in it that is not known.

    Raises DifaceError for a file that cannot be read, and for a value that cannot stand where it does.
    """
    try:
        found = yaml.safe_load(path.read_text("utf-8-sig"))
    except OSError as reason:
        raise DifaceError(f"The config {path} cannot be read: {reason.strerror}.", HINT) from reason
    except (UnicodeDecodeError, yaml.YAMLError) as damage:
        raise DifaceError(f"The config {path} is not YAML: {' '.join(str(damage).split())}.", HINT) from damage
    warnings: list[str] = []
    return _read(EvaluationConfig(), found, f"{path.name}: ", warnings), tuple(warnings)


def _read(section: Any, found: object, where: str, warnings: list[str]) -> Any:
    """`section` with the values found in their places, its own sections' too; of unknown names `warnings` tells."""
    if found is None:
        return section
    if not isinstance(found, Mapping):
        raise DifaceError(f"{where.rstrip(' .:')} must hold names and values. Got {found!r}.", HINT)
    keys, values = _keys(section), {}
    names = [one.name for one in fields(section)]
    for name, value in found.items():
        if name in keys:
            values[name] = value_of(keys[name].kind, value, where + name, getattr(section, name))
        elif name in names:
            values[name] = _read(getattr(section, name), value, f"{where}{name}.", warnings)
        else:
            near = difflib.get_close_matches(str(name), names, 1)
            meant = f" Did you mean {near[0]}?" if near else ""
            warnings.append(f"{where}{name} is not known and not used.{meant}")
    return replace(section, **values)


def _keys(section: Any) -> dict[str, Key]:
    """Name -> key, of a section's fields that are no sections themselves."""
    hints = get_type_hints(type(section), include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}


@dataclass(frozen=True)
class Flag:
    """What says the same as a key on the command line: `section` None is the file's own level."""

    section: str | None
    name: str
    key: Key
    default: Any

    @property
    def word(self) -> str:
        """The flag without its dashes: the key's name, with the part in front where several parts have it."""
        return SHARED[self.section] + self.name if self.section and self.name.startswith("model_") else self.name


def flags() -> list[Flag]:
    """One for every key of the config."""
    config = EvaluationConfig()
    sections = [one.name for one in fields(config) if is_dataclass(getattr(config, one.name))]
    found = []
    for name, section in [(None, config), *((name, getattr(config, name)) for name in sections)]:
        found += [Flag(name, inner, key, getattr(section, inner)) for inner, key in _keys(section).items()]
    return found


def add_flags(parser: argparse.ArgumentParser) -> None:
    """A flag for every key; the head's folder has the original's own beside it, --model_path."""
    group = parser.add_argument_group("instead of what the config says")
    for flag in flags():
        words = [f"--{flag.word}", *(["--model_path"] if flag.word == "head_model_path" else [])]
        more: dict[str, Any] = {"nargs": "*"} if flag.key.kind.many else {}
        if flag.key.kind is SWITCH:
            more = {"nargs": "?", "const": "true"}
        group.add_argument(*words, dest=flag.word, metavar="VALUE", help=_help(flag), **more)


def _help(flag: Flag) -> str:
    kind, default = flag.key.kind, flag.default
    shown = str(default).lower() if isinstance(default, bool) else default
    ending = "" if default is None or default == () else f" (default: {shown})"
    return f"{flag.key.help}; {kind.expected}{ending}".replace("%", "%%")


def with_flags(config: EvaluationConfig, given: argparse.Namespace) -> EvaluationConfig:
    """The config with what the flags say in its place. Raises DifaceError for a value that cannot stand there."""
    for flag in flags():
        if (words := getattr(given, flag.word)) is None:
            continue
        value = value_of(flag.key.kind, words, f"--{flag.word}", flag.default)
        if flag.section is None:
            config = replace(config, **{flag.name: value})
        else:
            changed = replace(getattr(config, flag.section), **{flag.name: value})
            config = replace(config, **{flag.section: changed})
    return config
