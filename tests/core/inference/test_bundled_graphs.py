"""The graphs in the assets are those of the weights that are bundled; the worker needs nothing else than them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from diface_core.asset_build.export_onnx import export_bundled

GRAPHS = ("face.onnx", "face_speech.onnx", "head.onnx", "head_speech.onnx", "speech_encoder.onnx")

GENERATE = """
import sys
from pathlib import Path
from diface_core.engines import Engines
from diface_core.types import AudioSection, GenerateRequest
request = GenerateRequest(AudioSection(Path(sys.argv[1]), 0.0, 4.0), steps=2)
result = Engines.create(None).generate(request, lambda progress: None, lambda first, motion: None)
assert result.motion.values.shape == (120, 56)
print(*sorted({"torch", "transformers", "scipy", "safetensors.torch", "onnx", "tqdm"} & set(sys.modules)))
"""


def test_graphs_are_those_of_the_bundled_weights(asset, tmp_path):
    export_bundled(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(GRAPHS)
    for name in GRAPHS:
        assert (asset / name).read_bytes() == (tmp_path / name).read_bytes(), f"{name}: run `python3 build.py assets`"


@pytest.mark.parametrize("blocked", [[], ["torch", "transformers", "scipy"]])
def test_generating_from_speech_needs_no_torch(asset, root, speech, blocked):
    code = f"import sys\nfor name in {blocked}: sys.modules[name] = None\n" if blocked else ""
    check = GENERATE if not blocked else GENERATE.rpartition("print")[0]
    done = subprocess.run([sys.executable, "-c", code + check, speech], cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
