"""Reads the body of an answer, decompressed and no longer than it may be."""

import http.client
import zlib

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure

_PIECE_BYTES = 64 * 1024
_ANY_GZIP, _ANY_ZLIB = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS
_WINDOWS = {"gzip": _ANY_GZIP, "x-gzip": _ANY_GZIP, "deflate": _ANY_ZLIB}


def read_body(response: http.client.HTTPResponse, encoding: str, *, max_bytes: int) -> bytes:
    """Read a body to its end.

    Args:
        response: whose headers were read.
        encoding: what the answer says that it is compressed with.
        max_bytes: of what comes out; no more than that is ever decompressed.

    Raises:
        PluginError: it is longer, or compressed in another way than was asked for.
        http.client.HTTPException, OSError: the connection was dropped before its end.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _plain(response, max_bytes)
    if name not in _WINDOWS:
        raise PluginError(
            f"the answer is compressed with {name[:100]!r}, which was not asked for",
            failure=Failure.ENGINE_FAULT,
        )
    return _decompressed(response, zlib.decompressobj(_WINDOWS[name]), max_bytes)


def _plain(response: http.client.HTTPResponse, max_bytes: int) -> bytes:
    pieces, size = [], 0
    while piece := response.read(_PIECE_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > max_bytes:
            raise _too_large(max_bytes)
    _check_whole(response, size)
    return b"".join(pieces)


def _decompressed(
    response: http.client.HTTPResponse, inflate: "zlib._Decompress", max_bytes: int
) -> bytes:
    pieces, size = [], 0
    try:
        while not inflate.eof and (piece := response.read(_PIECE_BYTES)):
            while piece and not inflate.eof:
                out = inflate.decompress(piece, max_bytes - size + 1)
                pieces.append(out)
                size += len(out)
                if size > max_bytes:
                    raise _too_large(max_bytes)
                piece = inflate.unconsumed_tail
    except zlib.error as error:
        raise PluginError(
            f"the answer cannot be decompressed: {error}", failure=Failure.ENGINE_FAULT
        ) from error
    _check_whole(response, size)
    if size and not inflate.eof:
        raise PluginError("the compressed answer has no end", failure=Failure.ENGINE_FAULT)
    return b"".join(pieces)


def _check_whole(response: http.client.HTTPResponse, size: int) -> None:
    """Raise if fewer bytes came than were announced: the standard library keeps silent of it.

    Of an answer that announced nothing at least something has to come: its headers may have been
    cut off too.
    """
    is_cut = response.length is None and not response.chunked and not size
    if response.length or is_cut:
        raise http.client.IncompleteRead(b"", response.length)


def _too_large(max_bytes: int) -> PluginError:
    return PluginError(
        f"the answer is larger than the {max_bytes:,} bytes of max_response_bytes",
        failure=Failure.USER_ERROR,
    )
