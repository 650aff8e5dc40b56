"""The neck of the bundled head: the object rotates as the head does, and its shoulders stay with an Empty."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ... import compat
from . import neck_nodes

BODY_NAME = "DiFACE Body"
BODY_MARK = "diface_body"
"""Custom property of the Empty that moves and turns the whole character."""
BODY_SIZE = 0.22
"""Half the width of the Empty as it is drawn, in metres: it reaches out of the shirt."""
MODIFIER = "DiFACE Neck"


def add_neck(obj: bpy.types.Object, weights: np.ndarray, collection: bpy.types.Collection) -> bpy.types.Object:
    """Keep the shoulders of `obj` still while it rotates.

    Args:
        obj: The new object of the bundled head, with its location and without rotation.
        weights: Weights (V,): 0 follows the head, 1 stays with the shoulders.
        collection: The collection that the Empty is added to.

    Returns:
        The Empty, the parent of `obj`. If it is removed, the shoulders are aligned with the axes of the scene.
    """
    set_weights(obj, neck_nodes.WEIGHT, weights)
    body = bpy.data.objects.new(BODY_NAME, None)
    body[BODY_MARK] = True
    body.empty_display_type, body.empty_display_size = "PLAIN_AXES", BODY_SIZE
    collection.objects.link(body)
    modifier = obj.modifiers.new(MODIFIER, "NODES")
    modifier.node_group = neck_nodes.neck_nodes()
    modifier.show_expanded = False
    compat.set_nodes_input(modifier, _body_socket(modifier), body)
    obj.parent = body
    place_body(obj)
    return body


def place_body(obj: bpy.types.Object) -> None:
    """Move the Empty of a new head below it. The location of `obj` is one in the scene, as without a parent."""
    body = obj.parent
    body.location = obj.location + Vector((0.0, 0.0, min(corner[2] for corner in obj.bound_box)))
    obj.matrix_parent_inverse = Matrix.Translation(-body.location)


def weights_of(obj: bpy.types.Object) -> np.ndarray:
    """Return the weights (V,) float32 of the neck of `obj`: 1 stays with the shoulders."""
    weights = np.zeros(len(obj.data.vertices), np.float32)
    group = obj.vertex_groups.get(neck_nodes.WEIGHT)
    for vertex in obj.data.vertices if group else ():
        weights[vertex.index] = next((member.weight for member in vertex.groups if member.group == group.index), 0.0)
    return weights


def set_weights(obj: bpy.types.Object, name: str, weights: np.ndarray) -> None:
    """Add a vertex group with the weights (V,) that are not 0."""
    group = obj.vertex_groups.new(name=name)
    for weight in np.unique(weights[weights > 0]):
        group.add(np.flatnonzero(weights == weight).tolist(), float(weight), "REPLACE")


def neck_modifier(obj: bpy.types.Object) -> bpy.types.NodesModifier | None:
    """Return the modifier that keeps the shoulders of `obj` still; None without one, as on heads of version 0.1.0."""
    nodes = (modifier for modifier in obj.modifiers if isinstance(modifier, bpy.types.NodesModifier))
    return next((found for found in nodes if found.node_group and neck_nodes.MARK in found.node_group), None)


def body_of(obj: bpy.types.Object) -> bpy.types.Object | None:
    """Return the object that the shoulders of `obj` are aligned with."""
    modifier = neck_modifier(obj)
    return compat.nodes_input(modifier, _body_socket(modifier)) if modifier else None


def _body_socket(modifier: bpy.types.NodesModifier) -> str:
    sockets = modifier.node_group.interface.items_tree
    return next(s.identifier for s in sockets if s.name == neck_nodes.BODY_INPUT and s.in_out == "INPUT")
