"""A run of a batch as a separate process, to be killed: TABLE OUT WORKERS."""

import sys
from pathlib import Path

from diface_core.batch.lines import read_batch
from diface_core.batch.run import run_batch
from tests.core.batch.tables import SLOW

if __name__ == "__main__":
    run_batch(read_batch(Path(sys.argv[1])).lines, Path(sys.argv[2]), int(sys.argv[3]), engine=SLOW)
