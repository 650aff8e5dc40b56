"""`python -m diface_core.training.evaluation.experiments.evaluate_diagnostics PHONES.json ...`: faults that are found.

Closures are removed on purpose from generated takes in three ways: the lips are held open, the motion is interpolated
across the closure, and it is smoothed. A closure counts as removed if the lips no longer meet within 67 ms of the
phone. Then each finding is fixed by one edit, as by the button in Blender, and the take is checked again.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ....audio.loudness import measure_audio
from ....audio.speech_encoder import SpeechEncoder
from ....diagnostics import Evidence, check_motion, reference_request
from ....faces.lip_geometry import SHUT_GAP_MM, lip_gap
from ....layers.phrases import find_speech
from ....model.lip_closure import JAW_OPEN, MOUTH_CLOSE
from ....model.models import Models, load_models
from ....motion.warp import warp_motion
from ....types import MODEL_RATE, AudioSection, Constraints, Finding, Float32Array, GenerateRequest, Style
from ...corpora import Clip, Phone, is_held_out, read_grid
from ...metrics import PAUSE_LABELS, lip_closures, phone_rows
from ..baselines import EncodedClip, encode_clips
from ..lip_closures import read_utterances

FALLOFF_ROWS, REACH_ROWS, KEEP_MOTION = 3.0, 9, 0.5
"""As `diface_addon/jobs/diagnostics/fix_plan.py`, at 30 rows a second."""
NEAR_ROWS = 2
"""Rows from a phone at which a finding is at the phone."""
REMOVED_MM = 1.0
"""Distance of the lips above which a closure is removed."""
HELD_OPEN = 0.08
"""jawOpen of lips that are held open."""
OPEN_MM = 1.5
"""Distance of the lips between which a motion is interpolated."""
FADE_ROWS, SMOOTHING_ROWS = 2, 13

Removal = Callable[[Float32Array, slice], Float32Array]
"""Returns face weights (T, 52) without the closure in some rows."""


def hold_open(weights: Float32Array, rows: slice) -> Float32Array:
    """Return the motion with lips that stay open."""
    changed, share = weights.copy(), _share(len(weights), rows)
    changed[:, MOUTH_CLOSE] *= 1 - share
    changed[:, JAW_OPEN] += np.maximum(HELD_OPEN - changed[:, JAW_OPEN], 0) * share
    return changed


def interpolate(weights: Float32Array, rows: slice) -> Float32Array:
    """Return the motion with a straight line from the last open row before the closure to the next one after it."""
    wide = np.flatnonzero(lip_gap(weights) > OPEN_MM)
    before, after = wide[wide < rows.start + 1], wide[wide >= rows.stop - 1]
    if not (len(before) and len(after)):
        return weights
    first, last = int(before[-1]), int(after[0])
    changed, share = weights.copy(), np.linspace(0, 1, last - first + 1, dtype=np.float32)[:, None]
    changed[first : last + 1] = (1 - share) * weights[first] + share * weights[last]
    return changed


def smooth(weights: Float32Array, rows: slice) -> Float32Array:
    """Return the motion with the closure smoothed over 0.4 s."""
    kernel = np.hanning(SMOOTHING_ROWS + 2)[1:-1]
    smoothed = np.apply_along_axis(np.convolve, 0, weights, kernel / kernel.sum(), "same")
    share = _share(len(weights), rows)[:, None]
    return ((1 - share) * weights + share * smoothed).astype(np.float32)


REMOVALS: dict[str, Removal] = {"held open": hold_open, "interpolated": interpolate, "smoothed": smooth}


def _share(count: int, rows: slice) -> Float32Array:
    """Return 1 (count,) in some rows, faded to 0 around them."""
    distance = np.maximum(rows.start - np.arange(count), np.arange(count) - rows.stop + 1)
    return np.clip(1 - (distance - FADE_ROWS) / FADE_ROWS, 0, 1).astype(np.float32)


@dataclass
class Score:
    """Counts over takes: m b p, findings in untouched takes, removed closures, those found, and those left."""

    phones: int = 0
    alarms: Counter[str] = field(default_factory=Counter)
    alarms_at_phones: int = 0
    removed: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    left: int = 0

    def row(self, name: str) -> str:
        """Return a row of the table."""
        false = self.alarms.total() - self.alarms_at_phones
        shares = [f"{self.found[how]} of {count}" for how, count in self.removed.items()]
        total = self.found.total() / max(self.removed.total(), 1)
        alarms = f"{false} ({false / max(self.phones, 1):.1%})"
        cells = [name, self.phones, *shares, f"{total:.1%}", alarms, self.alarms_at_phones, self.left]
        return f"| {' | '.join(map(str, cells))} |"


class Examiner:
    """Generates takes of clips, and checks them."""

    def __init__(self, models: Models, style: Style, with_phones: bool, removed: int) -> None:
        self._models, self._style, self._with_phones, self._removed = models, style, with_phones, removed

    def examine(self, heard: EncodedClip, seed: int, score: Score) -> None:
        """Add a take of a clip to a score."""
        request = GenerateRequest(AudioSection(Path()), ("face",), seed=seed, style=self._style)
        take = self._models.sample(heard.features, request).values
        evidence, phones = self._evidence(heard), labial_phones(heard.clip)
        score.phones += len(phones)
        for finding in check_motion(take, evidence):
            score.alarms[finding.kind] += 1
            score.alarms_at_phones += finding.kind == "missed_closure" and _at_phone(finding, phones, len(take))
        for number, phone in enumerate(phones):
            if lip_gap(take)[phone_rows(phone, len(take), 1)].min() > SHUT_GAP_MM:
                continue
            for how, remove in REMOVALS.items():
                rows = phone_rows(phone, len(take))
                faulty = remove(take, slice(rows.start, min(rows.stop, len(take))))
                if lip_gap(faulty)[phone_rows(phone, len(take), NEAR_ROWS)].min() <= REMOVED_MM:
                    continue
                findings = check_motion(faulty, evidence)
                score.removed[how] += 1
                score.found[how] += any(_at_phone(finding, [phone], len(take)) for finding in findings)
                if number < self._removed:
                    score.left += len(self._fixed(heard, request, faulty, findings, evidence))

    def _evidence(self, heard: EncodedClip) -> Evidence:
        reference = self._models.sample(heard.features, reference_request(GenerateRequest(AudioSection(Path()))))
        loudness = measure_audio([heard.clip.samples]).loudness
        closures = np.array([[p.start, p.end] for p in labial_phones(heard.clip)]) if self._with_phones else None
        return Evidence(reference.values, find_speech(loudness), MODEL_RATE, closures)

    def _fixed(
        self,
        heard: EncodedClip,
        request: GenerateRequest,
        motion: Float32Array,
        findings: tuple[Finding, ...],
        evidence: Evidence,
    ) -> tuple[Finding, ...]:
        """Return what is left after one click on each finding."""
        for finding in findings:
            known = np.ones(motion.shape, bool)
            rows = finding.pins.row
            known[max(0, int(rows.min()) - REACH_ROWS) : int(rows.max()) + REACH_ROWS + 1] = False
            constraints = Constraints(motion, known, finding.pins, FALLOFF_ROWS, KEEP_MOTION)
            edited = self._models.sample(heard.features, dataclasses.replace(request, constraints=constraints))
            motion = np.clip(warp_motion(edited.values, constraints), 0, 1)
        return check_motion(motion, evidence)


def labial_phones(clip: Clip) -> list[Phone]:
    """Return m, b and p of a clip."""
    return [p for p in clip.phones if p.label not in PAUSE_LABELS and lip_closures.is_labial(p.label)]


def _at_phone(finding: Finding, phones: list[Phone], rows: int) -> bool:
    near = [phone_rows(phone, rows, NEAR_ROWS) for phone in phones]
    return any(rows.start <= finding.last and finding.first < rows.stop for rows in near)


def report(
    sounds: dict[str, list[EncodedClip]], models: Models, seeds: int, styles: list[str], fixed: int
) -> Iterator[str]:
    """Yield the lines of the table, with and without phones."""
    yield f"| sound | m b p | {' | '.join(REMOVALS)} | found | false alarms | missed by the model | left |"
    yield "|---" * (len(REMOVALS) + 6) + "|"
    for with_phones in (False, True):
        for name, clips in sounds.items():
            for style in styles or [""]:
                score = Score()
                examiner = Examiner(models, Style.named(style), with_phones, fixed)
                for heard in tqdm(clips, desc=name):
                    for seed in range(seeds):
                        examiner.examine(heard, seed, score)
                words = [name, *([style] if style else []), *(["with phones"] if with_phones else [])]
                yield score.row(", ".join(words))


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.experiments.evaluate_diagnostics", description=__doc__
    )
    parser.add_argument("phones", type=Path, nargs="*", default=[Path("tests/data/speech.json")])
    parser.add_argument("--grid", type=int, default=0, metavar="N", help="add N held-out clips of GRID")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path(".build/heard"), help="folder of cached features")
    parser.add_argument("--seeds", type=int, default=4, help="takes of each sound")
    parser.add_argument("--style", action="append", default=[], help="a trained style; without it the model's default")
    parser.add_argument("--fixed", type=int, default=1, help="removed closures of each take that are fixed")
    options = parser.parse_args(arguments)

    sounds = {path.stem: read_utterances(path, 20) for path in options.phones}
    if options.grid:
        judged = [clip for clip in read_grid(options.data / "grid_s1") if is_held_out(clip) and labial_phones(clip)]
        sounds["GRID, held out"] = judged[: options.grid]
    encoder = SpeechEncoder.load()
    heard = {name: encode_clips(clips, encoder, options.cache) for name, clips in sounds.items()}
    print("\n".join(report(heard, load_models(), options.seeds, options.style, options.fixed)))


if __name__ == "__main__":
    main()
