"""What a run leaves beside its book: the crate that proves it, the registration it is held to, and blind runs."""

from helpers.record.deviations import compare_registration, describe_registration

__all__ = ["compare_registration", "describe_registration"]
