"""Geometry nodes that keep the shoulders of the bundled head still while the object rotates."""

from __future__ import annotations

import bpy

NAME = "DiFACE Neck"
MARK = "diface_neck"
"""Custom property of the node group, by which it is recognized."""
BODY_INPUT, WEIGHT = "Body", "Body"
"""The input for the object that the shoulders are aligned with, and the vertex group of the weights."""
MIX_INPUTS = ("Factor_Float", "A_Vector", "B_Vector")
"""Identifiers of the sockets of a Mix node for vectors with one factor."""


def neck_nodes() -> bpy.types.NodeTree:
    """Return the node group, added to the file if it is missing.

    A vertex with weight w is moved to (1 - w) v + w M^-1 B v. M is the object's matrix. B has the location and scale
    of M, and the rotation of the object at the input Body. A vertex with weight 1 does not rotate with the object.
    """
    existing = next((tree for tree in bpy.data.node_groups if MARK in tree and tree.library is None), None)
    if existing is not None:
        return existing
    tree = bpy.data.node_groups.new(NAME, "GeometryNodeTree")
    tree[MARK] = True
    tree.is_modifier = True
    tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    tree.interface.new_socket(BODY_INPUT, in_out="INPUT", socket_type="NodeSocketObject")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    _build(tree)
    return tree


def _build(tree: bpy.types.NodeTree) -> None:
    source, sink = _node(tree, "NodeGroupInput", -1200, 0), _node(tree, "NodeGroupOutput", 400, 0)
    move = _node(tree, "GeometryNodeSetPosition", 200, 0)
    link = tree.links.new
    link(source.outputs[0], move.inputs["Geometry"])
    link(move.outputs[0], sink.inputs[0])

    position = _node(tree, "GeometryNodeInputPosition", -400, -350)
    still = _node(tree, "FunctionNodeTransformPoint", -200, -350)
    link(position.outputs[0], still.inputs["Vector"])
    link(_still_matrix(tree, source.outputs[BODY_INPUT]), still.inputs["Transform"])

    weight = _node(tree, "GeometryNodeInputNamedAttribute", -400, -100)
    weight.data_type = "FLOAT"
    weight.inputs["Name"].default_value = WEIGHT
    is_held = _node(tree, "FunctionNodeCompare", -200, 0)
    is_held.data_type, is_held.operation = "FLOAT", "GREATER_THAN"
    link(weight.outputs[0], is_held.inputs[0])
    link(is_held.outputs[0], move.inputs["Selection"])

    mix = _node(tree, "ShaderNodeMix", 0, -200)
    mix.data_type = "VECTOR"
    factor, first, second = (next(s for s in mix.inputs if s.identifier == name) for name in MIX_INPUTS)
    link(weight.outputs[0], factor)
    link(position.outputs[0], first)
    link(still.outputs[0], second)
    link(next(s for s in mix.outputs if s.identifier == "Result_Vector"), move.inputs["Position"])


def _still_matrix(tree: bpy.types.NodeTree, body: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """Add the nodes of M^-1 B."""
    link = tree.links.new
    itself = _node(tree, "GeometryNodeSelfObject", -1200, -300)
    moving = _node(tree, "GeometryNodeObjectInfo", -1000, -300)
    resting = _node(tree, "GeometryNodeObjectInfo", -1000, -600)
    link(itself.outputs[0], moving.inputs["Object"])
    link(body, resting.inputs["Object"])
    inverse = _node(tree, "FunctionNodeInvertMatrix", -800, -300)
    link(moving.outputs["Transform"], inverse.inputs[0])
    placed = _node(tree, "FunctionNodeCombineTransform", -800, -500)
    link(moving.outputs["Location"], placed.inputs["Translation"])
    link(resting.outputs["Rotation"], placed.inputs["Rotation"])
    link(moving.outputs["Scale"], placed.inputs["Scale"])
    product = _node(tree, "FunctionNodeMatrixMultiply", -600, -400)
    link(inverse.outputs[0], product.inputs[0])
    link(placed.outputs[0], product.inputs[1])
    return product.outputs[0]


def _node(tree: bpy.types.NodeTree, kind: str, x: float, y: float) -> bpy.types.Node:
    node = tree.nodes.new(kind)
    node.location = (x, y)
    return node
