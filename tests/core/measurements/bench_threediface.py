"""Times of sampling a 3DiFACE face, as table rows: `python3 build.py bench`.

The whole comparison with the original's computation is `python -m diface_core.threediface.bench`.
"""

from diface_core.runtime.threads import limit_torch_threads, usable_cores
from diface_core.threediface.bench import measure, random_model

SECONDS, WIDTH, STEPS, ROUNDS = 9.6, 128, 1000, 3
LABELS = {
    "ours": "1,000 steps",
    "torch": "1,000 steps, on torch",
    "exact": "1,000 steps, every value of the noise drawn",
    "few": "25 steps of DPM-Solver++",
    "encoding": "of which wav2vec2",
}


def main() -> None:
    limit_torch_threads()
    timings = measure(random_model(WIDTH, STEPS), SECONDS, ROUNDS)
    original = timings.median("original")
    for name, label in LABELS.items():
        seconds = timings.median(name)
        what = f"3DiFACE face, {SECONDS} s of speech, {label}, {usable_cores()} cores"
        print(f"| {what} | {seconds:.2f} s ({original / seconds:.0f} x the original's computation) | |", flush=True)


if __name__ == "__main__":
    main()
