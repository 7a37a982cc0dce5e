"""Servers that tests start: engines, or stand-ins that speak their protocols."""
