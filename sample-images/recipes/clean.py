"""clean.tar: one static program on nothing, its own user, a health check without a shell."""

from pathlib import Path

from recipes.expectations import Expectations
from recipes.images import Image, write_oci_archive
from recipes.layers import Layer

NAME = "clean.tar"
_NOWHERE = (
    *("secret", "shell", "package-manager", "compiler", "network-tool", "documentation", "log"),
    *("cache", "setuid", "permissions", "user", "healthcheck", "port"),
)


def make(program: bytes, folder: Path) -> Expectations:
    second = 1_000_000_000
    image = Image(
        config={
            "User": "10001:10001",
            "Env": ["PATH=/", "PORT=8080"],
            "ExposedPorts": {"8080/tcp": {}},
            "WorkingDir": "/",
            "Entrypoint": ["/server"],
            "Healthcheck": {
                "Test": ["CMD", "/server", "health"],
                "Interval": 30 * second,
                "Timeout": 3 * second,
                "Retries": 3,
            },
            "StopSignal": "SIGTERM",
            "Labels": {
                "org.opencontainers.image.title": "clean",
                "org.opencontainers.image.licenses": "Apache-2.0",
            },
        }
    )
    layer = Layer()
    layer.file("/etc/passwd", "app:x:10001:10001:app:/:/none\n")
    layer.file("/etc/group", "app:x:10001:\n")
    layer.file("/server", program, 0o755)
    image.step("COPY rootfs / # buildkit", layer)
    for line in ("USER 10001:10001", "ENV PORT=8080", "EXPOSE map[8080/tcp:{}]"):
        image.step(line)
    image.step('HEALTHCHECK &{["CMD" "/server" "health"] "30s" "3s" "0s" "0s" \'\\x03\'}')
    image.step('ENTRYPOINT ["/server"]')
    write_oci_archive(image, "latest", folder / NAME)
    expected = Expectations(NAME)
    for category in _NOWHERE:
        expected.must_not(category)
    return expected
