"""Whether bytes are a picture that a browser may be given."""

from __future__ import annotations

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_PIXELS = 100_000_000  # of a long page at its full height; a bomb says more


def is_picture(data: bytes) -> bool:
    """A PNG by its signature and its first chunk, of a size that can be shown."""
    if not data.startswith(SIGNATURE) or data[12:16] != b"IHDR":
        return False
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    return 0 < width * height <= MAX_PIXELS
