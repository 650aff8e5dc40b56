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
from .config_values import BOOLEAN, ConfigKey, parse_value

FLAG_PREFIXES = {"head_motion_model": "head_", "face_motion_model": "face_", "listener_model": "listener_"}
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
    return _merge_section(EvaluationConfig(), found, f"{path.name}: ", warnings), tuple(warnings)


def _merge_section(section: Any, given: object, location: str, warnings: list[str]) -> Any:
    """`section` with the values found in their places, its own sections' too; of unknown names `warnings` tells."""
    if given is None:
        return section
    if not isinstance(given, Mapping):
        raise DifaceError(f"{location.rstrip(' .:')} must hold names and values. Got {given!r}.", HINT)
    keys, values = _config_keys(section), {}
    names = [one.name for one in fields(section)]
    for name, value in given.items():
        if name in keys:
            values[name] = parse_value(keys[name].value_type, value, location + name, getattr(section, name))
        elif name in names:
            values[name] = _merge_section(getattr(section, name), value, f"{location}{name}.", warnings)
        else:
            near = difflib.get_close_matches(str(name), names, 1)
            meant = f" Did you mean {near[0]}?" if near else ""
            warnings.append(f"{location}{name} is not known and not used.{meant}")
    return replace(section, **values)


def _config_keys(section: Any) -> dict[str, ConfigKey]:
    """Name -> key, of a section's fields that are no sections themselves."""
    hints = get_type_hints(type(section), include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}


@dataclass(frozen=True)
class Flag:
    """What says the same as a key on the command line: `section` None is the file's own level."""

    section: str | None
    name: str
    key: ConfigKey
    default: Any

    @property
    def option_name(self) -> str:
        """The flag without its dashes: the key's name, with the part in front where several parts have it."""
        return FLAG_PREFIXES[self.section] + self.name if self.section and self.name.startswith("model_") else self.name


def flags() -> list[Flag]:
    """One for every key of the config."""
    config = EvaluationConfig()
    sections = [one.name for one in fields(config) if is_dataclass(getattr(config, one.name))]
    found = []
    for name, section in [(None, config), *((name, getattr(config, name)) for name in sections)]:
        found += [Flag(name, inner, key, getattr(section, inner)) for inner, key in _config_keys(section).items()]
    return found


def add_flags(parser: argparse.ArgumentParser) -> None:
    """A flag for every key; the head's folder has the original's own beside it, --model_path."""
    group = parser.add_argument_group("instead of what the config says")
    for flag in flags():
        words = [f"--{flag.option_name}", *(["--model_path"] if flag.option_name == "head_model_path" else [])]
        more: dict[str, Any] = {"nargs": "*"} if flag.key.value_type.multiple else {}
        if flag.key.value_type is BOOLEAN:
            more = {"nargs": "?", "const": "true"}
        group.add_argument(*words, dest=flag.option_name, metavar="VALUE", help=_help(flag), **more)


def _help(flag: Flag) -> str:
    kind, default = flag.key.value_type, flag.default
    shown = str(default).lower() if isinstance(default, bool) else default
    ending = "" if default is None or default == () else f" (default: {shown})"
    return f"{flag.key.help}; {kind.expected}{ending}".replace("%", "%%")


def apply_flags(config: EvaluationConfig, arguments: argparse.Namespace) -> EvaluationConfig:
    """The config with what the flags say in its place. Raises DifaceError for a value that cannot stand there."""
    for flag in flags():
        if (words := getattr(arguments, flag.option_name)) is None:
            continue
        value = parse_value(flag.key.value_type, words, f"--{flag.option_name}", flag.default)
        if flag.section is None:
            config = replace(config, **{flag.name: value})
        else:
            changed = replace(getattr(config, flag.section), **{flag.name: value})
            config = replace(config, **{flag.section: changed})
    return config
