"""The mouth of each class of speech sounds, in ARKit channels.

Articulation as in phonetics (Ladefoged and Johnson, A Course in Phonetics, chapters 1 and 4; the viseme classes of
Fisher 1968 and of MPEG-4, ISO/IEC 14496-2, table of visemes). Amounts are those of the bundled head in clear speech:
its jaw opens by .3 to .45 in the widest vowels, so that a fully open viseme is .5.
"""

from __future__ import annotations

from collections.abc import Mapping

Recipe = Mapping[str, float]

REST: Recipe = {}
CLOSED: Recipe = {"mouthPress": 0.3, "mouthRollLower": 0.2, "mouthRollUpper": 0.2}
OPEN: Recipe = {"jawOpen": 0.5, "mouthLowerDown": 0.15, "mouthUpperUp": 0.1}
OPEN_FRONT: Recipe = {
    "jawOpen": 0.38, "mouthStretch": 0.2, "mouthSmile": 0.1, "mouthLowerDown": 0.2, "mouthUpperUp": 0.12,
}  # fmt: skip
MID_FRONT: Recipe = {
    "jawOpen": 0.28, "mouthStretch": 0.2, "mouthSmile": 0.12, "mouthLowerDown": 0.2, "mouthUpperUp": 0.08,
}  # fmt: skip
CENTRAL: Recipe = {"jawOpen": 0.28, "mouthLowerDown": 0.1, "mouthUpperUp": 0.05}
SPREAD: Recipe = {
    "jawOpen": 0.13, "mouthStretch": 0.3, "mouthSmile": 0.25, "mouthLowerDown": 0.2, "mouthUpperUp": 0.08,
}  # fmt: skip
ROUND_OPEN: Recipe = {"jawOpen": 0.35, "mouthFunnel": 0.3, "mouthPucker": 0.45}
ROUND: Recipe = {"jawOpen": 0.1, "mouthFunnel": 0.15, "mouthPucker": 0.85}
LABIODENTAL: Recipe = {"jawOpen": 0.06, "mouthRollLower": 0.55, "mouthUpperUp": 0.15, "mouthPress": 0.05}
DENTAL: Recipe = {"jawOpen": 0.12, "tongueOut": 0.3, "mouthLowerDown": 0.1, "mouthUpperUp": 0.05}
ALVEOLAR: Recipe = {"jawOpen": 0.16, "mouthLowerDown": 0.14, "mouthUpperUp": 0.08, "mouthStretch": 0.05}
LATERAL: Recipe = {"jawOpen": 0.22, "mouthLowerDown": 0.12, "mouthUpperUp": 0.05, "tongueOut": 0.05}
VELAR: Recipe = {"jawOpen": 0.22, "mouthLowerDown": 0.12, "mouthUpperUp": 0.06, "mouthStretch": 0.05}
POSTALVEOLAR: Recipe = {
    "jawOpen": 0.1, "jawForward": 0.1, "mouthFunnel": 0.45, "mouthPucker": 0.3, "mouthLowerDown": 0.12,
}  # fmt: skip
SIBILANT: Recipe = {
    "jawOpen": 0.06, "jawForward": 0.1, "mouthStretch": 0.2, "mouthSmile": 0.06, "mouthLowerDown": 0.18,
    "mouthUpperUp": 0.12,
}  # fmt: skip
RHOTIC: Recipe = {"jawOpen": 0.18, "mouthFunnel": 0.2, "mouthPucker": 0.4}
GLOTTAL: Recipe = {"jawOpen": 0.2, "mouthLowerDown": 0.08}
