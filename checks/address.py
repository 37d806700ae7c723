"""What an address says of what stands there."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=1)
def file_pattern() -> re.Pattern[str]:
    return re.compile(
        r"\.(pdf|csv|tsv|xlsx?|ods|odt|docx?|json|geojson|xml|rdf|ttl|zip|txt|kml|shp|gpkg|parquet|pptx?)$"
    )


def file_type(url: str) -> str:
    """The file extension an address ends in, or names as its format; "" for a page."""
    path, _, query = url.partition("#")[0].partition("?")
    found = file_pattern().search(path.lower())
    if found:
        return found.group(1)
    named = re.search(
        r"(?:^|[&?])(?:format|type|output|f)=(csv|json|geojson|xlsx?|xml|pdf|ods)(?:&|$)", query.lower()
    )
    return named.group(1) if named else ""
