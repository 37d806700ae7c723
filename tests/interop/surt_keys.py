"""Run in the tools' environment: the surt library's keys for a JSON list of addresses, as indexers use them."""

import json
import sys

import surt


def key(url):
    try:
        return surt.surt(url)
    except Exception:
        return url  # as cdxj-indexer does


print(json.dumps([key(url) for url in json.load(sys.stdin)]))
