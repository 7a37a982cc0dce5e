"""The local environment: all of Heimdall on one machine, without AWS."""
