"""3DiFACE's `comp_syn.yaml` as its authors publish it, and a command-line flag for every key."""

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
"""Sections with the same keys, and the prefixes of their flags."""

HINT = "Choose 3DiFACE's comp_syn.yaml, or a file with the same layout (docs/research/threediface_cli.md)."


def read_config(path: Path) -> tuple[EvaluationConfig, tuple[str, ...]]:
    """Return the config in a file, and a warning for every unknown key.

    Raises:
        DifaceError: If the file cannot be read or has an invalid value.
    """
    try:
        values = yaml.safe_load(path.read_text("utf-8-sig"))
    except OSError as reason:
        raise DifaceError(f"The config {path} cannot be read: {reason.strerror}.", HINT) from reason
    except (UnicodeDecodeError, yaml.YAMLError) as damage:
        raise DifaceError(f"The config {path} is not YAML: {' '.join(str(damage).split())}.", HINT) from damage
    warnings: list[str] = []
    return _merge_section(EvaluationConfig(), values, f"{path.name}: ", warnings), tuple(warnings)


def _merge_section(section: Any, mapping: object, location: str, warnings: list[str]) -> Any:
    """Return `section` with the values of a mapping, also of nested sections; add unknown names to `warnings`."""
    if mapping is None:
        return section
    if not isinstance(mapping, Mapping):
        raise DifaceError(f"{location.rstrip(' .:')} must contain names and values. Got {mapping!r}.", HINT)
    keys, values = _config_keys(section), {}
    names = [one.name for one in fields(section)]
    for name, value in mapping.items():
        if name in keys:
            values[name] = parse_value(keys[name].value_type, value, location + name, getattr(section, name))
        elif name in names:
            values[name] = _merge_section(getattr(section, name), value, f"{location}{name}.", warnings)
        else:
            near = difflib.get_close_matches(str(name), names, 1)
            suggestion = f" Did you mean {near[0]}?" if near else ""
            warnings.append(f"{location}{name} is unknown and ignored.{suggestion}")
    return replace(section, **values)


def _config_keys(section: Any) -> dict[str, ConfigKey]:
    """Return the keys of a section by name, without nested sections."""
    hints = get_type_hints(type(section), include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}


@dataclass(frozen=True)
class Flag:
    """The command-line flag of a config key; `section` is None for keys at the top level."""

    section: str | None
    name: str
    key: ConfigKey
    default: Any

    @property
    def option_name(self) -> str:
        """The flag without dashes: the key's name, with a prefix if several sections have the key."""
        return FLAG_PREFIXES[self.section] + self.name if self.section and self.name.startswith("model_") else self.name


def flags() -> list[Flag]:
    """Return a flag for every key of the config."""
    config = EvaluationConfig()
    sections = [one.name for one in fields(config) if is_dataclass(getattr(config, one.name))]
    result = []
    for name, section in [(None, config), *((name, getattr(config, name)) for name in sections)]:
        result += [Flag(name, inner, key, getattr(section, inner)) for inner, key in _config_keys(section).items()]
    return result


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add a flag for every key to a parser; --model_path is accepted for the head's folder, as in the original."""
    group = parser.add_argument_group("overrides of the config")
    for flag in flags():
        names = [f"--{flag.option_name}", *(["--model_path"] if flag.option_name == "head_model_path" else [])]
        options: dict[str, Any] = {"nargs": "*"} if flag.key.value_type.multiple else {}
        if flag.key.value_type is BOOLEAN:
            options = {"nargs": "?", "const": "true"}
        group.add_argument(*names, dest=flag.option_name, metavar="VALUE", help=_help(flag), **options)


def _help(flag: Flag) -> str:
    value_type, default = flag.key.value_type, flag.default
    default_text = str(default).lower() if isinstance(default, bool) else default
    ending = "" if default is None or default == () else f" (default: {default_text})"
    return f"{flag.key.help}; {value_type.expected}{ending}".replace("%", "%%")


def apply_flags(config: EvaluationConfig, arguments: argparse.Namespace) -> EvaluationConfig:
    """Return the config with the values of the flags.

    Raises:
        DifaceError: If a value is invalid.
    """
    for flag in flags():
        if (text := getattr(arguments, flag.option_name)) is None:
            continue
        value = parse_value(flag.key.value_type, text, f"--{flag.option_name}", flag.default)
        if flag.section is None:
            config = replace(config, **{flag.name: value})
        else:
            changed = replace(getattr(config, flag.section), **{flag.name: value})
            config = replace(config, **{flag.section: changed})
    return config
