"""The HTTP side of the functions: routing, identity, errors and paging."""
