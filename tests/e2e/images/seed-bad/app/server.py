"""A small shop: standard library only, one data file, one import that waits for its request."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

DATA = Path(__file__).parent / "data"


def index() -> str:
    return "seed-bad: hello from the shop\n"


def health() -> str:
    return json.dumps({"status": "ok"})


def products() -> str:
    return ", ".join(json.loads((DATA / "products.json").read_text())) + "\n"


def lazy() -> str:
    import datetime
    import xml.etree.ElementTree as ElementTree
    import zoneinfo

    fruit = ElementTree.fromstring("<fruit>quince</fruit>").text
    zone = zoneinfo.ZoneInfo("Europe/Lisbon")
    offset = datetime.datetime(2024, 1, 1, tzinfo=zone).strftime("%z")
    return f"parsed: {fruit} in {zone.key} {offset}\n"


PAGES = {"/": index, "/health": health, "/products": products, "/lazy": lazy}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = PAGES.get(self.path)
        body = (page() if page else "not found\n").encode()
        self.send_response(200 if page else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    address = (os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8080")))
    print(f"listening on {address[0]}:{address[1]}", flush=True)
    ThreadingHTTPServer(address, Handler).serve_forever()


if __name__ == "__main__":
    main()
