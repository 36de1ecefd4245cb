"""Run an image under runc as its config says, on the host's network, without a container engine.

umoci unpacks the layers and translates the config; what a person gets from `docker run` and not
from umoci (capabilities, volumes, /etc/hosts) is put on top. Needs root.
"""

import json
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from harness import tools

TOOLS = ("runc", "umoci", "skopeo")

# What `docker run` leaves to root in a container.
_CAPABILITIES = (
    *("CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL"),
    *("CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID"),
    *("CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"),
)


def why_not() -> str:
    """Why images cannot be run here; empty if they can."""
    if reason := tools.why_not(TOOLS, root=True):
        return reason
    return "" if Path("/sys/fs/cgroup").is_dir() else "no cgroups are mounted"


@dataclass(frozen=True)
class Bundle:
    """An unpacked image: `path` holds the runtime's config.json, `rootfs` the filesystem.

    Containers started from one bundle one after another share its filesystem, as restarts do.
    """

    path: Path
    image_config: Mapping[str, Any]

    @property
    def rootfs(self) -> Path:
        return self.path / "rootfs"


@dataclass(frozen=True)
class Options:
    """What `docker run` would be told: args replace CMD, user is UID[:GID], the rest lists paths.

    A volume is, as there, a copy of what the image has in its place, and outlives a restart.
    """

    args: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    readonly: bool = False
    tmpfs: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()


def unpack(layout: Path, tag: str | None, destination: Path) -> Bundle:
    """Unpack the image `tag` of an OCI layout (without a tag: the layout's only image)."""
    return unpack_image(f"oci:{layout}:{tag}" if tag else f"oci:{layout}", destination)


def unpack_image(image: str, destination: Path) -> Bundle:
    """Unpack an image under skopeo's name for it: oci:, oci-archive:, docker-archive:, docker://."""
    with tempfile.TemporaryDirectory(dir=destination.parent) as scratch:
        layout = f"oci:{scratch}/layout:image"
        tools.run(["skopeo", "copy", "--quiet", "--src-tls-verify=false", image, layout])
        manifest = json.loads(tools.run(["skopeo", "inspect", "--raw", layout]))
        if any(layer["mediaType"].endswith("zstd") for layer in manifest["layers"]):
            layout = _without_zstd(layout, scratch)
        tools.run(["umoci", "unpack", "--image", layout.removeprefix("oci:"), destination])
        config = json.loads(tools.run(["skopeo", "inspect", "--config", layout]))
    # Kept aside: every start derives its own config.json from it.
    (destination / "config.json").rename(destination / "umoci-config.json")
    return Bundle(destination, config.get("config") or {})


def _without_zstd(layout: str, scratch: str) -> str:
    """The image with gzip layers, since umoci reads no others: through a throwaway store."""
    # Of the store's drivers, vfs is the one that leaves no mount behind.
    store = f"containers-storage:[vfs@{scratch}/store+{scratch}/store-run]localhost/image:gzip"
    gzip = f"oci:{scratch}/gzip:image"
    tools.run(["skopeo", "copy", "--quiet", layout, store])
    tools.run(["skopeo", "copy", "--quiet", store, gzip])
    return gzip


class Container:
    """One run of a bundle; use it as a context manager, so that it is stopped and deleted."""

    def __init__(self, bundle: Bundle, options: Options | None = None) -> None:
        self.id = f"slim-e2e-{uuid.uuid4().hex[:12]}"
        self.bundle = bundle
        options = options or Options()
        (bundle.path / "config.json").write_text(json.dumps(runtime_config(bundle, options)))
        self._log = bundle.path / f"{self.id}.log"
        self._state = bundle.path / "runc"
        runc = tools.find("runc") or "runc"
        self._runc = [runc, "--root", str(self._state)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*self._runc, "run", "--bundle", str(bundle.path), self.id],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> "Container":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def logs(self) -> str:
        """Standard output and error so far, in one stream."""
        return self._log.read_text(errors="replace")

    @property
    def exit_code(self) -> int | None:
        """The main process's exit code; None while it runs."""
        return self._process.poll()

    def wait(self, timeout: float = 60) -> int:
        """Wait for the main process to end by itself and give its exit code."""
        return self._process.wait(timeout)

    def signal(self, name: str) -> None:
        """Send a signal ("HUP", "TERM", ...) to the main process."""
        tools.run([*self._runc, "kill", self.id, name])

    def stop(self, grace: float = 10) -> int:
        """Send the image's stop signal, after `grace` seconds KILL; give the exit code."""
        if self.exit_code is None:
            self._kill(stop_signal(self.bundle))
            try:
                self._process.wait(grace)
            except subprocess.TimeoutExpired:
                self._kill("KILL")
        code = self._process.wait(30)
        subprocess.run([*self._runc, "delete", "--force", self.id], capture_output=True)
        return code

    def _kill(self, name: str) -> None:
        """Signal the main process, trying for a moment: runc may not have made it yet."""
        for _ in range(50):
            command = [*self._runc, "kill", self.id, name]
            if not subprocess.run(command, capture_output=True).returncode:
                return
            if self.exit_code is not None:
                return
            time.sleep(0.1)
        self._process.kill()


def stop_signal(bundle: Bundle) -> str:
    """The config's StopSignal, given as a name or a number, or TERM."""
    wanted = str(bundle.image_config.get("StopSignal") or "SIGTERM")
    name = signal.Signals(int(wanted)).name if wanted.isdigit() else wanted
    return name.removeprefix("SIG")


def runtime_config(bundle: Bundle, options: Options) -> dict[str, Any]:
    """The runtime-spec config.json for one start of `bundle`."""
    config: dict[str, Any] = json.loads((bundle.path / "umoci-config.json").read_text())
    process = config["process"]
    process["terminal"] = False
    process["noNewPrivileges"] = False
    kinds = ("bounding", "effective", "permitted")
    # The kernel drops the effective set by itself when the user is not root.
    process["capabilities"] = dict.fromkeys(kinds, _CAPABILITIES)
    # Without CAP_SYS_RESOURCE a hard limit can only be lowered.
    process["rlimits"] = [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}]
    process["env"] = _environment(process["env"], options.env)
    if options.args is not None:
        process["args"] = [*(bundle.image_config.get("Entrypoint") or []), *options.args]
    if options.user is not None:
        uid, _, gid = options.user.partition(":")
        process["user"] = {"uid": int(uid), "gid": int(gid or 0)}
    config["root"]["readonly"] = options.readonly
    config["mounts"] = [*_mounts(config["mounts"]), *_files(bundle)]
    config["mounts"] += _volumes(bundle, options.volumes)
    config["mounts"] += [_tmpfs(path, process["user"]) for path in options.tmpfs]
    linux = config["linux"]
    linux["namespaces"] = [n for n in linux["namespaces"] if n["type"] != "network"]
    return config


def _environment(given: list[str], changed: Mapping[str, str]) -> list[str]:
    kept = [word for word in given if word.partition("=")[0] not in changed]
    return kept + [f"{name}={value}" for name, value in changed.items()]


def _mounts(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """umoci's mounts without cgroups (not everywhere there) and without its own volumes."""
    system = ("/proc", "/dev", "/sys")
    return [
        mount
        for mount in given
        if mount["type"] != "cgroup"
        and any(f"{mount['destination']}/".startswith(f"{top}/") for top in system)
    ]


def _files(bundle: Bundle) -> list[dict[str, Any]]:
    """/etc/hosts and /etc/resolv.conf, which every engine mounts."""
    hosts = bundle.path / "hosts"
    hosts.write_text("127.0.0.1 localhost umoci-default\n::1 localhost\n")
    resolv = bundle.path / "resolv.conf"
    resolv.write_text("")
    return [_bind(path, f"/etc/{path.name}") for path in (hosts, resolv)]


def _volumes(bundle: Bundle, more: tuple[str, ...]) -> list[dict[str, Any]]:
    """A folder outside the root for each volume, begun as a copy of what is there."""
    paths = {*(bundle.image_config.get("Volumes") or {}), *more}
    return [_volume(bundle, path) for path in sorted(paths)]


def _volume(bundle: Bundle, path: str) -> dict[str, Any]:
    outside = bundle.path / "volumes" / path.strip("/").replace("/", "_")
    inside = bundle.rootfs / path.strip("/")
    if not outside.exists():
        outside.parent.mkdir(exist_ok=True)
        if inside.is_dir():
            tools.run(["cp", "--archive", inside, outside])
        else:
            outside.mkdir()
    return _bind(outside, path)


def _bind(source: Path, destination: str) -> dict[str, Any]:
    options = ["rbind", "rw"]
    return {"type": "bind", "source": str(source), "destination": destination, "options": options}


def _tmpfs(path: str, user: Mapping[str, int]) -> dict[str, Any]:
    # runc gives the mount the mode of the folder below it, so it must belong to the user.
    owner = [f"uid={user['uid']}", f"gid={user['gid']}"]
    options = ["nosuid", "nodev", "mode=1777", "size=268435456", *owner]
    return {"type": "tmpfs", "source": "tmpfs", "destination": path, "options": options}


def remove(bundle: Bundle) -> None:
    """Delete an unpacked image and all that its runs left."""
    shutil.rmtree(bundle.path, ignore_errors=True)
