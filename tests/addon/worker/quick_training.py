"""The real worker, with a third of the training steps of Personalise."""

import dataclasses

from diface_core import worker
from diface_core.style_adaptation import learn

learn.CONFIG = dataclasses.replace(learn.CONFIG, steps=learn.CONFIG.steps // 3)

if __name__ == "__main__":
    worker.main()
