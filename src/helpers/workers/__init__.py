"""Who computes the passes of a loop: threads or processes of this machine, or workers of a Dask scheduler."""

from helpers.workers.blas import limit_blas
from helpers.workers.identity import WorkerDiffers
from helpers.workers.loops import run_tasks
from helpers.workers.scheduler import SchedulerGone, use_scheduler

__all__ = ["SchedulerGone", "WorkerDiffers", "limit_blas", "run_tasks", "use_scheduler"]
