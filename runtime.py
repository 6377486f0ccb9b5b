"""What every main does to its interpreter once it has built everything."""

import gc

# Requests make short-lived objects by the thousand; the default of 700 has the collector run all the time.
_ALLOCATIONS_PER_COLLECTION = 20_000


def settle_memory() -> None:
    """Takes what exists now, modules above all, out of the garbage collector's rounds for good."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_PER_COLLECTION, 20, 50)
