"""Shape key names of any convention to channels."""

from .coverage import Coverage, coverage
from .targets import NamedTarget, named_targets, single_channel

__all__ = ["Coverage", "NamedTarget", "coverage", "named_targets", "single_channel"]
