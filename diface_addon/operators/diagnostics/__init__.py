"""Operators that find what is wrong in a take, and fix it."""

from . import check_take, fix_problem, jump_to_problem

MODULES = (check_take, jump_to_problem, fix_problem)
"""Each registers its operators."""
