"""Measurements on real sockets and disks; `python -m benchmarks` runs all of them."""
