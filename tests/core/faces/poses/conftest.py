"""Motions of the bundled model, and the names of shapes of many conventions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from diface_core.channels import FACE
from diface_core.types import Float32Array

CONVENTIONS: dict[str, tuple[str, ...]] = {
    "Oculus": tuple(
        f"viseme_{name}"
        for name in ["sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U"]
    ),
    "VRChat": tuple(
        f"vrc.v_{name}"
        for name in ["sil", "pp", "ff", "th", "dd", "kk", "ch", "ss", "nn", "rr", "aa", "e", "ih", "oh", "ou"]
    )
    + ("vrc.blink_left", "vrc.blink_right"),
    "VRM 0": ("A", "I", "U", "E", "O", "Blink", "Blink_L", "Blink_R", "Joy", "Angry", "Sorrow", "Fun", "LookUp"),
    "VRM 1": ("aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight", "happy", "sad", "lookLeft"),
    "VRoid": tuple(
        f"Face.M_F00_000_00_Fcl_{name}"
        for name in [
            "MTH_A",
            "MTH_I",
            "MTH_U",
            "MTH_E",
            "MTH_O",
            "MTH_Close",
            "MTH_Fun",
            "EYE_Close",
            "EYE_Close_L",
            "EYE_Close_R",
            "BRW_Angry",
        ]
    ),
    "MMD": ("あ", "い", "う", "え", "お", "ん", "まばたき", "笑い", "ウィンク２", "ｳｨﾝｸ２右", "にやり", "困る"),
    "Preston Blair": ("A", "E", "O", "U", "MBP", "FV", "WQ", "L", "etc", "rest"),
    "Papagayo": ("AI", "E", "O", "U", "MBP", "FV", "WQ", "L", "etc", "rest"),
    "Rhubarb": tuple("ABCDEFGHX"),
    "Character Creator": tuple(
        f"V_{name}" for name in ["Open", "Explosive", "Dental_Lip", "Tight_O", "Tight", "Wide", "Affricate", "Lip_Open"]
    ),
    "Character Creator direct": (
        "EE",
        "Er",
        "IH",
        "Ah",
        "Oh",
        "W_OO",
        "S_Z",
        "Ch_J",
        "F_V",
        "TH",
        "T_L_D_N",
        "B_M_P",
        "K_G_H_NG",
        "AE",
        "R",
    ),
    "Microsoft": (
        "aa_02",
        "aa_ah_ax_01",
        "ao_03",
        "aw_09",
        "ay_11",
        "d_t_n_19",
        "er_05",
        "ey_eh_uh_04",
        "f_v_18",
        "h_12",
        "k_g_ng_20",
        "l_14",
        "ow_08",
        "oy_10",
        "p_b_m_21",
        "r_13",
        "sh_ch_jh_zh_16",
        "sil_00",
        "s_z_15",
        "th_dh_17",
        "w_uw_07",
        "y_iy_ih_ix_06",
    ),
    "Genesis": tuple(
        f"head.eCTRLv{name}"
        for name in ["W", "UW", "TH", "T", "SH", "S", "OW", "M", "L", "K", "IY", "IH", "F", "ER", "EH", "EE", "AA"]
    )
    + ("head.eCTRLEyesClosedL", "head.eCTRLEyesClosedR", "head.eCTRLMouthSmile", "head.eCTRLMouthOpen"),
    "MakeHuman": (
        "eye-left-closure",
        "eye-right-closure",
        "eyebrows-left-down",
        "eyebrows-right-down",
        "mouth-compression",
        "mouth-corner-puller",
        "mouth-elevation",
        "mouth-open",
        "mouth-protusion",
        "mouth-pursing",
        "mouth-retraction",
    ),
    "FACS": tuple(
        f"AU_{name}"
        for name in [
            "01_InnerBrowRaiser",
            "12_LipCornerPuller",
            "18_LipPuckerer",
            "25_LipsPart",
            "26_JawDrop",
            "27_MouthStretch",
            "45_Blink",
        ]
    ),
}
"""Vocabulary -> names of its shapes, as the vocabularies' documentation spells them."""


@pytest.fixture(scope="session")
def motion(root: Path) -> Float32Array:
    """Return 225 rows of speech from the bundled model of version 0.1.0, with three blinks, (225, 52)."""
    with np.load(root / "tests" / "data" / "reference_0_1_0" / "motions.npz") as file:
        parts = []
        for name in ("both", "face_two_styles", "face_no_variety"):
            order = file[f"{name}.channels"].tolist()
            parts.append(file[name][:, [order.index(channel) for channel in FACE]])
    speech = np.concatenate(parts).astype(np.float32)
    for middle in (30, 95, 170):
        blink = np.clip(1.2 - np.abs(np.arange(len(speech)) - middle) / 4, 0, 1)
        for side in ("Left", "Right"):
            column = FACE.index(f"eyeBlink{side}")
            speech[:, column] = np.maximum(speech[:, column], blink)
    return speech


@pytest.fixture(scope="session")
def all_names(shared: Path) -> dict[str, list[str]]:
    """Return the names of shapes of 33 conventions."""
    file = json.loads((shared / "characters" / "names.json").read_text("utf-8"))
    return {convention: entry["names"] for convention, entry in file.items()}
