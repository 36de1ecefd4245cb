"""Install what the app needs, for the image's Python and not the host's."""

import subprocess
import sys
from pathlib import Path

WANTED = ["flask>=3,<4", "gunicorn>=21", "requests>=2.31,<3"]
TARGET = ["--python-version=3.11", "--implementation=cp", "--platform=manylinux2014_x86_64"]

subprocess.run(
    [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--only-binary=:all:",
     *TARGET, "--target", "site", *WANTED],
    check=True,
)  # fmt: skip
for script in Path("site/bin").iterdir():
    first, _, rest = script.read_text().partition("\n")
    if first.startswith("#!"):
        script.write_text(f"#!/usr/bin/python3\n{rest}")
