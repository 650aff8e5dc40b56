"""Expressions of drivers that are linear in their variables."""

from __future__ import annotations

import ast
from dataclasses import dataclass

_SIGNS: dict[type[ast.unaryop], float] = {ast.USub: -1.0, ast.UAdd: 1.0}
_LIMITING = {"min": 2, "max": 2, "clamp": 3}
"""Functions that limit their first linear argument by numbers, with the number of arguments at most."""


@dataclass(frozen=True)
class Affine:
    """constant + the sum of slope x variable."""

    constant: float
    slopes: dict[str, float]

    def times(self, factor: float) -> Affine:
        """Return the product with a number."""
        return Affine(factor * self.constant, {name: factor * slope for name, slope in self.slopes.items()})

    def plus(self, other: Affine) -> Affine:
        """Return the sum with another expression."""
        names = [*self.slopes, *(name for name in other.slopes if name not in self.slopes)]
        slopes = {name: self.slopes.get(name, 0.0) + other.slopes.get(name, 0.0) for name in names}
        return Affine(self.constant + other.constant, slopes)


def parse(expression: str) -> Affine | None:
    """Return an expression if it is linear between limits, such as `max(0, 2 * jaw - 0.1)`; None if it is not."""
    try:
        return _read(ast.parse(expression.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, ZeroDivisionError, OverflowError):
        return None


def _read(node: ast.expr) -> Affine:
    """Return a part of an expression. Raises ValueError if it is not linear."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Affine(float(node.value), {})
    if isinstance(node, ast.Name):
        return Affine(0.0, {node.id: 1.0})
    if isinstance(node, ast.UnaryOp) and type(node.op) in _SIGNS:
        return _read(node.operand).times(_SIGNS[type(node.op)])
    if isinstance(node, ast.BinOp):
        return _combined(node.op, _read(node.left), _read(node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return _limited(node.func.id, [_read(argument) for argument in node.args])
    raise ValueError("not linear")


def _combined(operator: ast.operator, left: Affine, right: Affine) -> Affine:
    if isinstance(operator, ast.Add):
        return left.plus(right)
    if isinstance(operator, ast.Sub):
        return left.plus(right.times(-1.0))
    if isinstance(operator, ast.Mult) and not (left.slopes and right.slopes):
        return left.times(right.constant) if left.slopes else right.times(left.constant)
    if isinstance(operator, ast.Div) and not right.slopes:
        return left.times(1.0 / right.constant)
    raise ValueError("not linear")


def _limited(name: str, arguments: list[Affine]) -> Affine:
    """Return the one argument of min, max or clamp that has variables."""
    linear = [argument for argument in arguments if argument.slopes]
    if not 1 < len(arguments) <= _LIMITING.get(name, 0) or len(linear) != 1:
        if name == "clamp" and len(arguments) == len(linear) == 1:
            return linear[0]
        raise ValueError("not linear")
    return linear[0]
