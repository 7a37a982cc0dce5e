"""How a stream of a job is kept: in parts of one size, so that an offset says which part."""

PART_BYTES = 8 * 1024 * 1024
"""More than the 5 MiB that S3 asks of a part of a multipart upload, which joins them."""

INLINE_BYTES = 4 * 1024
"""A stream up to this size stays in the job's item if it was never written to S3."""

MAX_BYTES = 256 * 1024 * 1024
"""What comes after is dropped, and the stream says so at its end."""


def part_of(offset: int) -> int:
    """Return the number of the part that holds the byte at an offset."""
    return offset // PART_BYTES
