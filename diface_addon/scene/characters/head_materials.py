"""Materials of the bundled head: its painted colours, and the shading of skin, eyes, teeth and hair."""

from __future__ import annotations

from dataclasses import dataclass, field

import bpy

MARK = "diface_material"


@dataclass(frozen=True)
class MaterialSettings:
    """One material: Principled inputs by name, viewport colour, and a fine bump of `grain` (strength, scale)."""

    viewport: tuple[float, float, float]
    inputs: dict[str, float] = field(default_factory=dict)
    grain: tuple[float, float] | None = None
    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0)  # scale of the grain along u and v
    mottle: float = 0.0  # amplitude by which the grain darkens and brightens the colour
    along_uvs: bool = False  # the grain follows the UVs, as strands; else it is a 3D texture


WET = {"Roughness": 0.06, "Coat Weight": 1.0, "Coat Roughness": 0.02}

# Subsurface radii are those of red; green and blue are fractions of it, as in skin.
MATERIALS: dict[str, MaterialSettings] = {
    "Skin": MaterialSettings(
        (0.53, 0.28, 0.20),
        {"Roughness": 0.46, "Subsurface Weight": 0.18, "Subsurface Scale": 0.008, "Specular IOR Level": 0.42},
        grain=(0.10, 260.0),
        mottle=0.07,
    ),
    "Mouth": MaterialSettings(
        (0.36, 0.10, 0.10),
        {"Roughness": 0.24, "Subsurface Weight": 0.12, "Subsurface Scale": 0.004},
        grain=(0.12, 160.0),
    ),
    "Teeth": MaterialSettings(
        (0.72, 0.66, 0.55), {"Roughness": 0.14, "Subsurface Weight": 0.10, "Subsurface Scale": 0.002}
    ),
    "Eye": MaterialSettings((0.70, 0.68, 0.66), WET),
    "Iris": MaterialSettings((0.09, 0.05, 0.03), WET),
    "Pupil": MaterialSettings((0.021, 0.021, 0.021), WET),
    "Hair": MaterialSettings(
        (0.025, 0.016, 0.012),
        {"Roughness": 0.58, "Specular IOR Level": 0.22},
        grain=(0.55, 1.0),
        stretch=(420.0, 5.0, 1.0),
        mottle=0.55,
        along_uvs=True,
    ),
    "Brows": MaterialSettings((0.03, 0.02, 0.015), {"Roughness": 0.75, "Specular IOR Level": 0.1}),
    "Shirt": MaterialSettings(
        (0.018, 0.022, 0.03),
        {"Roughness": 0.92, "Specular IOR Level": 0.2, "Sheen Weight": 0.25},
        grain=(0.25, 420.0),
        mottle=0.10,
    ),
}
SUBSURFACE_RADIUS = (1.0, 0.36, 0.20)


def head_material(name: str, colours: str) -> bpy.types.Material:
    """Return the material `name` of the head, added to the file if it is missing.

    Args:
        name: A key of MATERIALS.
        colours: The color attribute that the material shows.
    """
    full_name = f"DiFACE {name}"
    existing = bpy.data.materials.get(full_name)
    if existing is not None and MARK in existing:
        return existing
    material = bpy.data.materials.new(full_name)
    material[MARK] = name
    if material.node_tree is None:  # from 5.0 on it always exists
        material.use_nodes = True
    _build_nodes(material, MATERIALS[name], colours)
    return material


def _build_nodes(material: bpy.types.Material, settings: MaterialSettings, colours: str) -> None:
    material.diffuse_color = (*settings.viewport, 1.0)  # pyrefly: ignore[bad-assignment]
    material.roughness = settings.inputs.get("Roughness", 0.5)
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    output = nodes.new("ShaderNodeOutputMaterial")
    output.location = (300, 0)
    shader = nodes.new("ShaderNodeBsdfPrincipled")
    for name, value in settings.inputs.items():
        shader.inputs[name].default_value = value
    shader.inputs["Subsurface Radius"].default_value = SUBSURFACE_RADIUS
    links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    colour = nodes.new("ShaderNodeVertexColor")
    colour.layer_name = colours
    colour.location = (-900, 200)
    painted = colour.outputs["Color"]
    if settings.grain:
        grain = _grain(material.node_tree, settings)
        painted = _mottled(material.node_tree, painted, grain, settings.mottle) if settings.mottle else painted
        bump = nodes.new("ShaderNodeBump")
        bump.location = (-250, -300)
        bump.inputs["Strength"].default_value = settings.grain[0]
        bump.inputs["Distance"].default_value = 0.001
        links.new(grain, bump.inputs["Height"])
        links.new(bump.outputs["Normal"], shader.inputs["Normal"])
    links.new(painted, shader.inputs["Base Color"])


def _grain(tree: bpy.types.NodeTree, settings: MaterialSettings) -> bpy.types.NodeSocket:
    """Add noise that moves with the skin when shape keys move it: in rest coordinates or UVs."""
    where = tree.nodes.new("ShaderNodeTexCoord")
    where.location = (-1100, -300)
    mapping = tree.nodes.new("ShaderNodeMapping")
    mapping.location = (-900, -300)
    mapping.inputs["Scale"].default_value = settings.stretch
    assert settings.grain is not None
    noise = tree.nodes.new("ShaderNodeTexNoise")
    noise.location = (-700, -300)
    noise.inputs["Scale"].default_value = settings.grain[1]
    noise.inputs["Detail"].default_value = 3.0
    tree.links.new(where.outputs["UV" if settings.along_uvs else "Generated"], mapping.inputs["Vector"])
    tree.links.new(mapping.outputs["Vector"], noise.inputs["Vector"])
    return noise.outputs["Fac"]


def _mottled(
    tree: bpy.types.NodeTree, colour: bpy.types.NodeSocket, grain: bpy.types.NodeSocket, amount: float
) -> bpy.types.NodeSocket:
    """Darken and brighten `colour` by up to `amount` where `grain` is low and high."""
    share = tree.nodes.new("ShaderNodeMapRange")
    share.location = (-500, -50)
    share.inputs["From Min"].default_value, share.inputs["From Max"].default_value = 0.25, 0.75
    share.inputs["To Min"].default_value, share.inputs["To Max"].default_value = 1.0 - amount, 1.0 + amount
    times = tree.nodes.new("ShaderNodeVectorMath")
    times.operation = "SCALE"
    times.location = (-250, 100)
    tree.links.new(grain, share.inputs["Value"])
    tree.links.new(colour, times.inputs[0])
    tree.links.new(share.outputs["Result"], times.inputs["Scale"])
    return times.outputs["Vector"]
