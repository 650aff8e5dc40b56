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
result = Engines.create(None).generate(request, lambda progress: None)
assert result.motion.values.shape == (120, 58)
print(*sorted({"torch", "transformers", "scipy", "safetensors.torch", "onnx", "tqdm"} & set(sys.modules)))
"""

PERSONALISE = """
import sys
from pathlib import Path
for name in ("torch", "transformers", "scipy", "tqdm"):
    sys.modules[name] = None
from diface_core.engines import Engines
from diface_core.style_adaptation import learn
from diface_core.types import AdaptationRequest, AudioSection, GenerateRequest, StyleExample
learn.CONFIG = learn.AdaptConfig(steps=2, validate_every=1, limit_amplitude=False)
engines, section = Engines.create(None), AudioSection(Path(sys.argv[1]), 0.0, 11.0)
take = engines.generate(GenerateRequest(section, ("face",), steps=1), lambda progress: None)
request = AdaptationRequest("Ada", Path(sys.argv[2]), (StyleExample("Take", section, take.motion),))
assert engines.adapt_style(request, lambda progress: None).path.is_file()
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


@pytest.mark.slow
def test_personalise_needs_no_torch(asset, root, speech, tmp_path):
    command = [sys.executable, "-c", PERSONALISE, speech, tmp_path / "ada.safetensors"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
