"""Calls an API over HTTP, at the hosts that a cluster allows and nowhere else."""
