"""Folders that look like published 3DiFACE checkpoints, without models in them."""

from __future__ import annotations

from pathlib import Path

FACE = "some.module.unet_w_cond_mask"
HEAD = "some.other.in_to_motion_unet_w_audio_cond_with_cond_mask"


def checkpoint(folder: Path, target: str) -> Path:
    """Create a folder that looks like a published checkpoint whose model has the class `target`."""
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "model000000001.pt").write_bytes(b"")
    (folder / "args.yml").write_text(
        f"motion_model:\n  target: {target}\n  params:\n    ch: 32\ndiffusion:\n  target: d\n"
    )
    return folder
