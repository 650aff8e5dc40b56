"""Stands in for transformers when types are checked: analysing its 2,000 modules takes a minute."""

from typing import Any

def __getattr__(name: str) -> Any: ...
