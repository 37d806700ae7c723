"""Run in the tools' environment, in a folder with a collection `city`: what pywb gives for the raw bytes of each
line "timestamp address" on standard input, as one JSON line: status, SHA-256 of the body."""

import hashlib
import json
import sys

from pywb.apps.frontendapp import FrontEndApp

ASKED = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "localhost",
    "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
    "wsgi.url_scheme": "http",
    "wsgi.input": None,
}


def fetch(app, timestamp, url):
    path, _, query = f"/city/{timestamp}id_/{url}".partition("?")
    whole = path + ("?" + query if query else "")
    said = []

    def start(status, headers, trouble=None):
        said.append(status)

    path = path.encode().decode("latin-1")  # as WSGI wants it
    asked = {**ASKED, "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_URI": whole}
    body = b"".join(app(asked, start))
    return [said[-1], "sha256:" + hashlib.sha256(body).hexdigest()]


def main():
    app = FrontEndApp(custom_config={"debug": False})
    for line in sys.stdin:
        timestamp, _, url = line.rstrip("\n").partition(" ")
        print("RAW " + json.dumps(fetch(app, timestamp, url)))


main()
