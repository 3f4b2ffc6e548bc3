"""What a run leaves beside its book: the crate that proves it, the registration it is held to, and blind runs."""
