"""A service of the standard library; each page imports what it needs."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer


def index() -> str:
    return "nodb: hello"


def database() -> str:
    import sqlite3

    with sqlite3.connect(":memory:") as connection:
        return str(connection.execute("select upper('kettle')").fetchone()[0])


def zone() -> str:
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    return datetime(2024, 7, 1, 12, tzinfo=UTC).astimezone(ZoneInfo("Asia/Tokyo")).isoformat()


def trust() -> str:
    import ssl

    return f"trusted {len(ssl.create_default_context().get_ca_certs()) > 50}"


def packed() -> str:
    import bz2
    import lzma

    return (
        f"{lzma.decompress(lzma.compress(b'kettle')).decode()} {len(bz2.compress(b'kettle')) > 9}"
    )


PAGES = {"/": index, "/database": database, "/zone": zone, "/trust": trust, "/packed": packed}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = PAGES.get(self.path)
        self.send_response(200 if page else 404)
        self.end_headers()
        self.wfile.write((page() if page else "nodb: no such page").encode() + b"\n")


HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
