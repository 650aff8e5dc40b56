"""The speech encoder on ONNX Runtime gives the results of `transformers`: spectrogram and network."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file
from transformers import WhisperConfig, WhisperFeatureExtractor
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from diface_core.audio.speech_encoder import ASSET, SPEECH, WIDTH, SpeechEncoder
from diface_core.inference.mel import HOP, RATE, SlidingSpectrogram, log_mel_spectrogram

TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def sounds(speech) -> dict[str, np.ndarray]:
    """Ten seconds and less of several kinds of sound, 16 kHz."""
    recorded, _ = soundfile.read(speech, dtype="float32")
    rng = np.random.default_rng(0)
    return {
        "speech": recorded[: 10 * RATE],
        "short": recorded[: 3 * RATE + 7],
        "noise": 0.1 * rng.standard_normal(10 * RATE).astype(np.float32),
        "tone": np.sin(np.arange(10 * RATE) * 0.2).astype(np.float32),
        "silence": np.zeros(RATE, np.float32),
    }


@pytest.mark.parametrize("name", ["speech", "short", "noise", "tone", "silence"])
def test_spectrogram_matches_transformers(sounds, name):
    extractor = WhisperFeatureExtractor(feature_size=80, chunk_length=10)
    expected = extractor(sounds[name], sampling_rate=RATE, return_tensors="np").input_features[0]
    np.testing.assert_allclose(log_mel_spectrogram(sounds[name], 1000), expected, atol=TOLERANCE)


def test_samples_after_the_window_have_no_effect(sounds):
    longer = np.concatenate([sounds["speech"], sounds["noise"]])
    np.testing.assert_array_equal(log_mel_spectrogram(longer, 1000), log_mel_spectrogram(longer[: 10 * RATE], 1000))


@pytest.mark.parametrize("hop", [1, 300, 990, 997, 1000])
def test_sliding_spectrogram_equals_that_of_each_window(sounds, hop):
    sound, spectrogram = (
        np.concatenate([sounds["noise"], sounds["speech"], sounds["short"]]),
        SlidingSpectrogram(1000, hop),
    )
    for first in range(0, min(len(sound), 6 * hop * HOP), hop * HOP):
        window = sound[first : first + 1000 * HOP]
        np.testing.assert_allclose(spectrogram.next_window(window), log_mel_spectrogram(window, 1000), atol=1e-5)


@pytest.mark.parametrize("name", ["speech", "short", "silence"])
def test_network_matches_transformers(asset, sounds, name):
    encoder = SpeechEncoder.load()
    rows = encoder.encode_window(sounds[name])[:, SPEECH]
    mel = torch.from_numpy(log_mel_spectrogram(sounds[name], 1000))[None]
    with torch.inference_mode():
        expected = _reference(500)(mel).last_hidden_state[0].numpy()
    assert np.abs(rows - expected).max() < 2e-4 * np.abs(expected).max()


def _reference(positions: int) -> WhisperEncoder:
    config = WhisperConfig(
        d_model=WIDTH, encoder_layers=4, encoder_attention_heads=6, encoder_ffn_dim=1536, num_mel_bins=80,
        max_source_positions=positions, decoder_layers=1, decoder_attention_heads=6, decoder_ffn_dim=16, vocab_size=8,
        pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1, dropout=0.0,
    )  # fmt: skip
    encoder = WhisperEncoder(config)
    weights = {name: value.float() for name, value in load_file(ASSET).items()}
    weights["embed_positions.weight"] = weights["embed_positions.weight"][:positions]
    encoder.load_state_dict(weights)
    return encoder.eval()
