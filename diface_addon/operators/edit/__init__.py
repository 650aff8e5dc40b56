"""Operators that pin poses and regenerate motion."""

from . import copy_pose, in_between, pin_pose, regenerate, sculpt_pose, swap_keyframes, unpin

MODULES = (copy_pose, in_between, pin_pose, regenerate, sculpt_pose, swap_keyframes, unpin)
"""Each registers its operators."""
