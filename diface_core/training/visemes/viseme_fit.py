"""`python -m diface_core.training.visemes.viseme_fit`: fit the viseme table to aligned phones and tracked faces."""

from __future__ import annotations

import argparse
import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ...audio.loudness import measure_audio
from ...types import MODEL_RATE
from ..corpora import Clip, is_held_out, read_grid, seal_lips
from ..metrics import aperture, phone_rows
from ..metrics.lip_closures import is_labial
from .articulation import FEATURES, articulatory_features, phone_symbols
from .coarticulation import PARAMETERS, blend
from .viseme_motion import effort, sound_spans
from .viseme_report import report
from .viseme_table import MEASURED, TABLE_PATH, VisemeTable, measured_channels

INITIAL_RISE = 0.05
"""Initial value of rise and fall in seconds."""
SPREAD = {"target": 3.0, "strength": 2.0, "rise": 0.5, "fall": 0.5, "lead": 0.03, "lag": 0.03}
"""How far a sound may deviate from the prediction by its features before it costs as much as an error of a standard
deviation.
"""

MAX_GAIN, MAX_LOUDNESS_GAIN = 1.6, 0.7
"""Largest factor on amplitudes, and largest logarithm of amplitude per unit of loudness."""


@dataclass(frozen=True)
class AlignedClips:
    """B clips: sounds (B, U) as indices, spans (B, U, 2) s, effort (B, T), truth (B, T, C)."""

    sounds: torch.Tensor
    spans: torch.Tensor
    effort: torch.Tensor
    truth: torch.Tensor


def align_clips(clips: list[Clip], symbols: list[str]) -> AlignedClips:
    """Return clips of one length, padded to the same number of sounds."""
    rows = min(len(clip.values) for clip in clips)
    said = [sound_spans(clip.phones, rows / MODEL_RATE.value) for clip in clips]
    most = max(map(len, said))
    index = np.zeros((len(clips), most), np.int64)
    times = np.tile(np.array([0.0, -1.0], np.float32), (len(clips), most, 1))
    for clip, phones in enumerate(said):
        index[clip, : len(phones)] = [symbols.index(sound) for _, _, sound in phones]
        times[clip, : len(phones)] = [(start, end) for start, end, _ in phones]
    loud = [effort(measure_audio([clip.samples]).loudness[:rows]) for clip in clips]
    truth = np.stack([measured_channels(clip.values[:rows]) for clip in clips])
    return AlignedClips(*(torch.from_numpy(np.asarray(a)) for a in (index, times, np.stack(loud), truth)))


class VisemeModel(torch.nn.Module):
    """Parameters of every sound: the prediction by its articulatory features, and its deviation from that."""

    def __init__(self, symbols: list[str], mean: torch.Tensor, deviation: torch.Tensor) -> None:
        super().__init__()
        self.symbols = symbols
        shape = (len(PARAMETERS), len(MEASURED))
        start = torch.zeros(shape)
        start[0] = mean
        start[[PARAMETERS.index("rise"), PARAMETERS.index("fall")]] = float(np.log(INITIAL_RISE))
        self.features = torch.from_numpy(np.stack([articulatory_features(symbol) for symbol in symbols]))
        self.spread = torch.tensor([SPREAD[name] for name in PARAMETERS])[:, None].repeat(1, len(MEASURED))
        self.spread[0] *= deviation
        self.bias = torch.nn.Parameter(start)
        self.weights = torch.nn.Parameter(torch.zeros(len(FEATURES), *shape))
        self.deviations = torch.nn.Parameter(torch.zeros(len(symbols), *shape))
        self.loudness = torch.nn.Parameter(torch.zeros(len(MEASURED)))

    def sound_parameters(self) -> torch.Tensor:
        """Return the parameters (S, 6, C) of all sounds."""
        own = self.deviations + torch.einsum("sf,fpc->spc", self.features, self.weights)
        return self.bias + own * self.spread

    def forward(self, spans: torch.Tensor, sounds: torch.Tensor, effort: torch.Tensor) -> torch.Tensor:
        """Return the channels (B, T, C) of aligned clips."""
        times = torch.arange(effort.shape[1]) / MODEL_RATE.value
        scale = torch.exp(effort[..., None] * self.loudness)
        return blend(spans, self.sound_parameters()[sounds], times, scale)

    def penalty(self) -> torch.Tensor:
        """Return the cost of the sounds' deviations."""
        return 0.02 * self.weights.square().mean() + 0.1 * self.deviations.square().mean()

    def to_table(self) -> VisemeTable:
        """Return the fitted table, with amplitudes as measured."""
        bias, weights, own = (
            (values * scale).detach().numpy()
            for values, scale in ((self.bias, 1.0), (self.weights, self.spread), (self.deviations, self.spread))
        )
        deviations = dict(zip(self.symbols, own, strict=True))
        return VisemeTable(
            bias, weights, deviations, self.loudness.detach().numpy(), np.ones(len(MEASURED), np.float32)
        )


def fit(data: AlignedClips, symbols: list[str], steps: int, batch: int = 48, seed: int = 0) -> VisemeModel:
    """Minimise the squared error by gradient descent (Adam, cosine rate), each channel in units of its deviation."""
    torch.manual_seed(seed)
    deviation = data.truth.flatten(0, 1).std(0).clamp_min(1e-3)
    model = VisemeModel(symbols, data.truth.flatten(0, 1).mean(0), deviation)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.03)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    progress = tqdm(range(steps), desc="visemes", mininterval=5)
    for _ in progress:
        batch_indices = torch.randint(len(data.sounds), (batch,))
        error = (
            model(data.spans[batch_indices], data.sounds[batch_indices], data.effort[batch_indices])
            - data.truth[batch_indices]
        ) / deviation
        loss = error.square().mean() + model.penalty()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        rate.step()
        progress.set_postfix(error=f"{float(error.detach().square().mean()):.3f}")
    return model


def median_delay(clips: list[Clip]) -> float:
    """Return the seconds from the middle of an m, b or p to the smallest lip distance: the video's delay (median)."""
    late = []
    for clip in clips:
        opening = aperture(clip.values)
        for phone in clip.phones:
            if is_labial(phone.label) and phone.start > 0.2:
                rows = phone_rows(phone, len(opening), margin=3)
                late.append((rows.start + opening[rows].argmin()) / MODEL_RATE.value - (phone.start + phone.end) / 2)
    return float(np.median(late))


@torch.no_grad()
def calibrate(model: VisemeModel, data: AlignedClips) -> VisemeTable:
    """Return the table with amplitudes scaled to the truth's: a mean over many utterances moves less than each one."""
    parts = range(0, len(data.sounds), 64)
    ours = torch.cat([
        model(data.spans[i : i + 64], data.sounds[i : i + 64], data.effort[i : i + 64]).flatten(0, 1) for i in parts
    ])  # fmt: skip
    table = model.to_table()
    gain = (data.truth.flatten(0, 1).std(0) / ours.std(0)).clamp(1.0, MAX_GAIN).numpy()
    return dataclasses.replace(
        table, gain=gain, loudness_measured=np.clip(table.loudness_measured, 0.0, MAX_LOUDNESS_GAIN)
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.visemes.viseme_fit", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--table", type=Path, default=TABLE_PATH)
    parser.add_argument("--judge", action="store_true", help="only evaluate the existing table")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)

    folder = options.data / "grid_s1"
    clips = [clip for clip in read_grid(folder) if clip.phones]
    if not options.judge:
        learnt = [seal_lips(clip) for clip in clips if not is_held_out(clip)]
        symbols = sorted({sound for clip in clips for phone in clip.phones for sound in phone_symbols(phone.label)})
        learnt_from = align_clips(learnt, symbols)
        table = calibrate(fit(learnt_from, symbols, options.steps), learnt_from)
        dataclasses.replace(table, delay=median_delay([c for c in clips if not is_held_out(c)])).save(options.table)
    print(
        report(
            [clip for clip in clips if not is_held_out(clip)],
            [clip for clip in clips if is_held_out(clip)],
            options.table,
        )
    )


if __name__ == "__main__":
    main()
