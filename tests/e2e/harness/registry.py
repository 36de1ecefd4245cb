"""A real registry (CNCF distribution, as Debian packages it) on a free loopback port."""

import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from harness import tools

TOOLS = ("docker-registry", "htpasswd")


def why_not(*, login: bool = False) -> str:
    """Why no registry can be started here; empty if one can. `login` asks for htpasswd too."""
    return tools.why_not(TOOLS if login else TOOLS[:1])


@dataclass(frozen=True)
class Login:
    """The one user of a registry that asks for Basic authentication."""

    user: str
    password: str


class Registry:
    """A running registry with its data below `folder`; use it as a context manager.

    `address` is HOST:PORT for references. Without a `login` everyone may read and write.
    """

    def __init__(self, folder: Path, login: Login | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.address = f"127.0.0.1:{tools.free_port()}"
        self.login = login
        self._log = folder / "registry.log"
        config = folder / "config.yml"
        config.write_text(_configuration(folder, self.address, login))
        program = tools.find("docker-registry") or "docker-registry"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [program, "serve", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={"PATH": tools.search_path(), "OTEL_TRACES_EXPORTER": "none"},
            )
        self._wait()

    def __enter__(self) -> "Registry":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def logs(self) -> str:
        """What the registry wrote, one access a line."""
        return self._log.read_text(errors="replace")

    def stop(self) -> None:
        """End the server; its data stays in the folder."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 15
        while not _answers(self.address):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise tools.ToolError(f"docker-registry did not start: {self.logs[-2000:]}")
            time.sleep(0.05)


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(f"http://{address}/v2/", timeout=2).close()
    except urllib.error.HTTPError as error:
        return error.code == 401
    except OSError:
        return False
    return True


def _configuration(folder: Path, address: str, login: Login | None) -> str:
    lines = [
        "version: 0.1",
        "log: {level: info, formatter: text}",
        f"http: {{addr: '{address}', secret: loopback-only}}",
        "storage:",
        f"  filesystem: {{rootdirectory: '{folder / 'data'}'}}",
        "  delete: {enabled: true}",
    ]
    if login is not None:
        users = folder / "htpasswd"
        # The server takes bcrypt only (-B); a low cost (-C) keeps every request quick.
        command = ["htpasswd", "-nbB", "-C", "4", login.user, login.password]
        users.write_text(tools.run(command).strip() + "\n")
        lines.append(f"auth: {{htpasswd: {{realm: slim-tests, path: '{users}'}}}}")
    return "\n".join([*lines, ""])
