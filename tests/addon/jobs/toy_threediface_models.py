"""Write small 3DiFACE models, and the motion that they generate, with a Python that has torch.

    python -m tests.addon.jobs.toy_threediface_models FOLDER SOUND

Writes FOLDER/models/face and head, FOLDER/wav2vec2, and FOLDER/truth.npz: `displacement` (T, 5023, 3) in metres and
`head` (T, 3), 30 rows per second, for seed 3, condition 2, 10 steps and a guidance of 0.5.
"""

import sys
from pathlib import Path

import numpy as np
import soundfile
import torch
from transformers import Wav2Vec2Model

from diface_core import channels
from diface_core.threediface.models import ThreeDifaceModels
from diface_core.types import MODEL_RATE, AudioSection, GenerateRequest, ThreeDiface
from tests.core.threediface import small_checkpoints

VALUES = 15069


def write(folder: Path) -> ThreeDiface:
    """Write the folders of the models; the face moves by centimetres."""
    face = small_checkpoints.write(
        folder / "models" / "face",
        small_checkpoints.face_arguments(in_channel=VALUES, out_channel=VALUES, ch_multi=[1, 2], ch=16),
        with_encoder=True,
    )
    weights = face / "checkpoints" / "model000000001.pt"
    state = torch.load(weights)
    state["decoder.out_embed.weight"] *= 0.05
    state["decoder.out_embed.bias"] *= 0.05
    torch.save(state, weights)
    head = small_checkpoints.write(folder / "models" / "head", small_checkpoints.head_arguments(ch=16))
    Wav2Vec2Model(small_checkpoints.small_encoder().config).save_pretrained(folder / "wav2vec2")
    return ThreeDiface(face, head, wav2vec2=folder / "wav2vec2", condition=2, steps=10)


def main() -> None:
    folder, sound = map(Path, sys.argv[1:])
    torch.set_num_threads(1)
    engine = write(folder)
    waveform, rate = soundfile.read(sound, dtype="float32")
    request = GenerateRequest(AudioSection(sound), seed=3, guidance=0.5, engine=engine)
    rows = MODEL_RATE.rows(len(waveform) / rate)
    motion, shapes = ThreeDifaceModels.load(engine).generate(waveform, rows, request, lambda progress: None)
    weights = motion.select(shapes.names).values.astype(np.float64)
    displacement = np.einsum("tk,kvc->tvc", weights, shapes.deltas.astype(np.float64))
    np.savez(folder / "truth.npz", displacement=displacement, head=motion.select(channels.HEAD).values)


if __name__ == "__main__":
    main()
