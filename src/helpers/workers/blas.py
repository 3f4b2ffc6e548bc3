"""One BLAS thread for each pass of a loop, so that the number of cores never changes a number."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def limit_blas() -> AbstractContextManager:
    """Compute with one BLAS thread inside this context, whatever the machine has."""
    return _find_pools().limit(limits=1, user_api="blas")


@cache
def _find_pools() -> ThreadpoolController:
    return ThreadpoolController()
