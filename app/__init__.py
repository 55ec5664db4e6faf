"""The roof: what knows the web framework, the job queue, the scheduler, the environment and its processes."""

import gc

# What is no longer held is freed at once; the collector looks for circles alone. At every 700 new objects, as is usual,
# it took a sixth of each process's start, in which 360,000 are made that stay, and a twentieth of every answer.
gc.set_threshold(20_000)
