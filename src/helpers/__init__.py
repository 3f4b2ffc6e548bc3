"""The computing rooms of the resilience book. Each knows one thing; the notebooks ask them."""
