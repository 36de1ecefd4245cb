"""webshop.tar: what a naive Dockerfile leaves behind, on a stand-in for Debian. An OCI archive."""

import json
import marshal
from pathlib import Path

from support import planted

from recipes import debian
from recipes.expectations import Expectations
from recipes.images import Image, write_oci_archive
from recipes.layers import MTIME, Layer

NAME = "webshop.tar"
APP = "/srv/app"


def make(program: bytes, folder: Path) -> Expectations:
    expected = Expectations(NAME)
    image = Image(
        config={
            "Env": [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "PORT=80",
                f"DB_PASSWORD={planted.password('webshop-env')}",
            ],
            "ExposedPorts": {"80/tcp": {}},
            "WorkingDir": APP,
            "Cmd": [f"{APP}/server"],
        }
    )
    image.step("ADD rootfs.tar / # buildkit", _base(program, expected))
    image.step("RUN /bin/sh -c apt-get update && apt-get install -y gcc curl git # buildkit",
               _tools(program, expected))  # fmt: skip
    image.step("COPY id_rsa /root/.ssh/id_rsa # buildkit", _key(expected))
    secret = planted.password("webshop-clone")
    image.step(f"RUN /bin/sh -c git clone https://deploy:{secret}@git.shop.internal/lib.git && "
               "rm /root/.ssh/id_rsa # buildkit", _clone(expected))  # fmt: skip
    image.step("WORKDIR /srv/app")
    image.step("COPY . /srv/app # buildkit", _application(program, expected))
    image.step("RUN /bin/sh -c ./configure && chmod 777 uploads # buildkit", _configure(expected))
    image.step(f"ENV PORT=80 DB_PASSWORD={planted.password('webshop-env')}")
    image.step("EXPOSE map[80/tcp:{}]")
    image.step('CMD ["/srv/app/server"]')
    expected.must("user")
    expected.must("port")
    expected.must("healthcheck")
    expected.must("secret")
    for path in (f"{APP}/server", f"{APP}/data/catalogue.json", "/etc/passwd", "/etc/os-release"):
        expected.must_not("secret", path=path)
    expected.must_not("secret", prefix="/usr/")
    write_oci_archive(image, "latest", folder / NAME)
    return expected


def _base(program: bytes, expected: Expectations) -> Layer:
    layer = Layer()
    for name in ("bin", "lib", "sbin"):
        layer.directory(f"/usr/{name}")
        layer.symlink(f"/{name}", f"usr/{name}")
    debian.install(layer, debian.BASE, program)
    debian.write_status(layer, debian.BASE)
    layer.file("/etc/passwd", debian.PASSWD)
    layer.file("/etc/group", debian.GROUP)
    layer.file("/etc/shadow", debian.SHADOW, 0o640, (0, 42))
    layer.file("/etc/nsswitch.conf", "passwd: files\nhosts: files dns\n")
    layer.directory("/root", 0o700)
    layer.directory("/var/tmp", 0o1777)
    layer.directory("/tmp", 0o1777)
    layer.file("/var/log/dpkg.log", "2024-01-02 03:04:05 startup archives install\n" * 40)
    for path in ("/usr/bin/bash", "/usr/bin/dash"):
        expected.must("shell", path=path)
    for prefix in ("/usr/bin/apt", "/usr/bin/dpkg"):
        expected.must("package-manager", prefix=prefix)
    for path in ("/usr/bin/passwd", "/usr/bin/chsh"):
        expected.must("setuid", path=path)
    expected.must("log", prefix="/var/log")
    expected.must("documentation", prefix="/usr/share")
    for path in ("/tmp", "/var/tmp"):
        expected.must_not("permissions", path=path)  # sticky, as they should be
    return layer


def _tools(program: bytes, expected: Expectations) -> Layer:
    layer = Layer()
    debian.install(layer, debian.TOOLS, program)
    debian.write_status(layer, debian.BASE + debian.TOOLS)
    lists = "/var/lib/apt/lists"
    name = "mirror.shop.internal_debian_dists_bookworm_main_binary-amd64_Packages"
    index = "".join(f"Package: stand-in-{i}\nVersion: 1.{i}\n\n" for i in range(200))
    layer.file(f"{lists}/{name}", index)
    layer.file(
        "/var/cache/apt/archives/curl_7.88.1-10+deb12u5_amd64.deb", b"!<arch>\n" + b"x" * 900
    )
    layer.file("/var/cache/apt/pkgcache.bin", bytes(2048))
    layer.file("/var/log/apt/history.log", "Commandline: apt-get install -y gcc curl git\n")
    expected.must("cache", prefix=lists)
    expected.must("cache", prefix="/var/cache/apt")
    expected.must("compiler", path="/usr/bin/x86_64-linux-gnu-gcc-12")
    for path in ("/usr/bin/curl", "/usr/bin/git"):
        expected.must("network-tool" if path.endswith("curl") else "version-control", path=path)
    return layer


def _key(expected: Expectations) -> Layer:
    layer = Layer()
    layer.directory("/root/.ssh", 0o700)
    layer.file("/root/.ssh/id_rsa", planted.rsa_private_key("webshop-lower"), 0o600)
    expected.must("secret", path="/root/.ssh/id_rsa", in_final=False)
    return layer


def _clone(expected: Expectations) -> Layer:
    """The key goes, but only from view; what the clone left behind stays."""
    layer = Layer()
    layer.remove("/root/.ssh/id_rsa")
    secret = planted.password("webshop-git")
    layer.file("/root/.git-credentials", f"https://deploy:{secret}@git.shop.internal\n", 0o600)
    layer.file("/root/.bash_history", "ls -la\napt-get update\nexit\n", 0o600)
    expected.must("secret", path="/root/.git-credentials")
    return layer


def _application(program: bytes, expected: Expectations) -> Layer:
    layer = Layer()
    layer.file(f"{APP}/server", program, 0o755)
    products = ["copper kettle", "pear wood spoon", "wool blanket"]
    layer.file(f"{APP}/data/catalogue.json", json.dumps(products) + "\n")
    layer.file(f"{APP}/README.md", "# Web shop\n\nSet DB_PASSWORD=changeme and start it.\n")
    layer.directory(f"{APP}/uploads")
    layer.file(f"{APP}/settings.ini", f"[api]\ngithub = {planted.github_token('webshop-lower')}\n")
    _environment_file(layer, expected)
    _repository(layer, expected)
    layer.file(f"{APP}/tls/server.key", planted.ed25519_private_key("webshop-tls"), 0o644)
    token = planted.npm_token("webshop-npmrc")
    layer.file(f"{APP}/.npmrc", f"//npm.shop.internal/:_authToken={token}\n")
    layer.file(f"{APP}/tools/report.py", "TOTAL = 3\nprint(TOTAL)\n")
    header = bytes.fromhex("a70d0d0a00000000") + MTIME.to_bytes(4, "little") + bytes([23, 0, 0, 0])
    layer.file(f"{APP}/tools/__pycache__/report.cpython-311.pyc", header + marshal.dumps(None))
    expected.must("secret", path=f"{APP}/tls/server.key")
    expected.must("secret", path=f"{APP}/.npmrc")
    expected.must("secret", path=f"{APP}/settings.ini", in_final=False)
    expected.must_not("secret", path=f"{APP}/README.md")
    return layer


def _environment_file(layer: Layer, expected: Expectations) -> None:
    lines = [
        f"AWS_ACCESS_KEY_ID={planted.aws_access_key_id('webshop')}",
        f"AWS_SECRET_ACCESS_KEY={planted.aws_secret_access_key('webshop')}",
        f"STRIPE_SECRET_KEY={planted.stripe_key('webshop')}",
        f"SESSION_TOKEN={planted.jwt('webshop')}",
        "",
    ]
    layer.file(f"{APP}/.env", "\n".join(lines))
    expected.must("secret", path=f"{APP}/.env")


def _repository(layer: Layer, expected: Expectations) -> None:
    secret = planted.github_token("webshop-git")
    layer.file(f"{APP}/.git/HEAD", "ref: refs/heads/main\n")
    layer.file(f"{APP}/.git/config", "[core]\n\tbare = false\n[remote \"origin\"]\n"
               f"\turl = https://shop:{secret}@git.shop.internal/shop/shop.git\n")  # fmt: skip
    layer.file(f"{APP}/.git/objects/4b/825dc642cb6eb9a060e54bf8d69288fbee4904", b"x\x9c+)J\x01\x00")
    expected.must("version-control", prefix=f"{APP}/.git")
    expected.must("secret", path=f"{APP}/.git/config")


def _configure(expected: Expectations) -> Layer:
    layer = Layer()
    layer.file(f"{APP}/settings.ini", "[api]\ngithub = from the environment\n")
    layer.directory(f"{APP}/uploads", 0o777)
    layer.file("/usr/local/bin/deploy", "#!/bin/sh\nexec /usr/bin/git pull\n", 0o777)
    expected.must("permissions", path=f"{APP}/uploads")
    expected.must("permissions", path="/usr/local/bin/deploy")
    expected.must_not("setuid", path="/usr/local/bin/deploy")
    return layer
