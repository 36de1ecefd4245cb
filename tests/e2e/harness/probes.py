"""What an image must still do, as data (image.toml), and the running of it.

`[run]` says how to start the image: `env` and `args` (in both, `{port}` becomes a free port),
`user`, `readonly` (it works on a read-only root), `tmpfs` paths, `start_timeout` in seconds,
`stop_timeout` from the stop signal to KILL (short where the program is known not to answer it).
`[slim] stays_root` says that slim must leave the image's user root, and a comment says why.
Each `[[probe]]` has `name`, `stage` ("first" or "deep") and `kind`, then what its kind asks.
"""

import http.client
import re
import socket
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness import tools
from harness.runtime import Bundle, Container, Options

# Seconds a server may need between listening and answering, and for one answer.
_SETTLE = 3.0
_ANSWER = 10.0


@dataclass(frozen=True)
class Http:
    """GET `path`; the status and, if given, a regular expression found in the body."""

    name: str
    stage: str
    path: str
    expect_status: int = 200
    expect_body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tcp:
    """One connection: send (text, or hexadecimal in `send_hex`), then read until `expect`."""

    name: str
    stage: str
    exchanges: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class ExecOutput:
    """A run of its own with `args` as CMD: exit code and a pattern in what it prints."""

    name: str
    stage: str
    args: Sequence[str] | None = None
    expect_exit: int = 0
    expect_output: str = ""
    timeout: float = 60


@dataclass(frozen=True)
class Signal:
    """Send a signal; the main process must live on. Later probes see what it did."""

    name: str
    stage: str
    signal: str


@dataclass(frozen=True)
class Restart:
    """Stop the container and start it again on the same filesystem."""

    name: str
    stage: str


Probe = Http | Tcp | ExecOutput | Signal | Restart

_KINDS: dict[str, Callable[..., Probe]] = {
    "http": Http,
    "tcp-send": Tcp,
    "exec-output": ExecOutput,
    "signal": Signal,
    "restart": Restart,
}


@dataclass(frozen=True)
class Spec:
    """One image.toml without what concerns its building."""

    name: str
    description: str
    options: Options
    readonly_works: bool
    start_timeout: float
    stop_timeout: float
    stays_root: bool
    probes: tuple[Probe, ...]


@dataclass(frozen=True)
class Result:
    """How one probe went; `detail` is what was observed, or what was wrong.

    `log` is what the containers had printed by then, for a probe that failed.
    """

    name: str
    ok: bool
    detail: str
    log: str = ""


def end_of_log(results: Sequence[Result], lines: int = 20) -> list[str]:
    """The last lines of what the last failed probe left in its log, each different line once.

    Of a server the log holds all it printed, of several jobs the last failed one's; a server asked
    again and again repeats itself, and would hide what it said first.
    """
    log = next((result.log for result in reversed(results) if not result.ok), "")
    return [line[:300] for line in dict.fromkeys(log.splitlines())][-lines:]


def load(folder: Path) -> Spec:
    """Read FOLDER/image.toml."""
    document = tomllib.loads((folder / "image.toml").read_text())
    run = document.get("run", {})
    return Spec(
        name=folder.name,
        description=document["description"],
        options=Options(
            args=tuple(run["args"]) if "args" in run else None,
            env=run.get("env", {}),
            user=run.get("user"),
            tmpfs=tuple(run.get("tmpfs", ())),
        ),
        readonly_works=run.get("readonly", False),
        start_timeout=run.get("start_timeout", 20),
        stop_timeout=run.get("stop_timeout", 10),
        stays_root=document.get("slim", {}).get("stays_root", False),
        probes=tuple(_probe(entry) for entry in document.get("probe", [])),
    )


def _probe(entry: dict[str, Any]) -> Probe:
    words = {key: value for key, value in entry.items() if key != "kind"}
    return _KINDS[entry["kind"]](**words)


def run_probes(
    spec: Spec,
    bundle: Bundle,
    *,
    stage: str = "",
    user: str | None = None,
    readonly: bool = False,
) -> list[Result]:
    """Start the image as its spec says and run its probes (those of `stage`, if given) in order.

    A probe that fails does not stop the rest.
    """
    port = tools.free_port()
    options = _with_port(spec.options, port)
    options = replace(options, readonly=readonly, user=user or options.user)
    wanted = [probe for probe in spec.probes if stage in ("", probe.stage)]
    if all(isinstance(probe, ExecOutput) for probe in wanted):
        return [_execute(probe, bundle, options) for probe in wanted if _is_exec(probe)]
    with _Server(spec, bundle, options, port) as server:
        return [server.run(probe) for probe in wanted]


def _is_exec(probe: Probe) -> bool:
    return isinstance(probe, ExecOutput)


def _with_port(options: Options, port: int) -> Options:
    def fill(text: str) -> str:
        return text.replace("{port}", str(port))

    args = None if options.args is None else tuple(fill(word) for word in options.args)
    return replace(options, args=args, env={k: fill(v) for k, v in options.env.items()})


class _Server:
    """A started image and its port, across restarts."""

    def __init__(self, spec: Spec, bundle: Bundle, options: Options, port: int) -> None:
        self._spec = spec
        self._bundle = bundle
        self._options = options
        self._port = port
        self._earlier_logs = ""
        self._container = self._start()

    def __enter__(self) -> "_Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._container.stop(self._spec.stop_timeout)

    @property
    def logs(self) -> str:
        """What all its containers printed."""
        return self._earlier_logs + self._container.logs

    def run(self, probe: Probe) -> Result:
        """Run one probe; a failed one takes the log along."""
        result = self._run(probe)
        return result if result.ok or result.log else replace(result, log=self.logs)

    def _run(self, probe: Probe) -> Result:
        code = self._container.exit_code
        if code is not None and not isinstance(probe, ExecOutput | Restart):
            return Result(probe.name, False, f"had exited with {code}")
        match probe:
            case Http():
                return _settled(probe.name, lambda: _http(probe, self._port))
            case Tcp():
                return _settled(probe.name, lambda: _tcp(probe, self._port))
            case ExecOutput():
                return _execute(probe, self._bundle, self._options)
            case Signal():
                return self._signal(probe)
            case Restart():
                return self._restart(probe)

    def _start(self) -> Container:
        """Start, then wait until something listens, it ends, or the start takes too long."""
        container = Container(self._bundle, self._options)
        for _ in _until(self._spec.start_timeout):
            if container.exit_code is not None or _listening(self._port):
                break
        return container

    def _signal(self, probe: Signal) -> Result:
        if self._container.exit_code is None:
            self._container.signal(probe.signal)
            time.sleep(0.5)  # the handler's work has no other sign
        code = self._container.exit_code
        return Result(probe.name, code is None, "runs on" if code is None else f"exited: {code}")

    def _restart(self, probe: Restart) -> Result:
        ran = self._container.exit_code is None
        code = self._container.stop(self._spec.stop_timeout)
        self._earlier_logs = self.logs
        self._container = self._start()
        up = _listening(self._port)
        before = "stopped" if ran else "had exited"
        after = "listens again" if up else "does not listen again"
        return Result(probe.name, ran and up, f"{before} with {code}, {after}")


def _until(timeout: float) -> Iterator[None]:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        yield
        time.sleep(0.05)


def _listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _settled(name: str, check: Callable[[], Result]) -> Result:
    """The first good result within a few seconds: a database listens before it answers."""
    result = Result(name, False, "not tried")
    for _ in _until(_SETTLE):
        result = _checked(name, check)
        if result.ok:
            break
    return result


def _checked(name: str, check: Callable[[], Result]) -> Result:
    try:
        return check()
    except (OSError, http.client.HTTPException) as error:
        return Result(name, False, f"{type(error).__name__}: {error}")


def _http(probe: Http, port: int) -> Result:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER)
    try:
        connection.request("GET", probe.path, headers=dict(probe.headers))
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
    finally:
        connection.close()
    right = answer.status == probe.expect_status and _found(probe.expect_body, body)
    return Result(probe.name, right, f"{answer.status} {body[:500]!r}")


def _tcp(probe: Tcp, port: int) -> Result:
    seen = ""
    with socket.create_connection(("127.0.0.1", port), _ANSWER) as connection:
        for exchange in probe.exchanges:
            connection.sendall(_bytes(exchange))
            answer = _read_until(connection, exchange["expect"])
            seen += answer
            if not _found(exchange["expect"], answer):
                return Result(probe.name, False, f"{exchange['expect']!r} not in {answer!r}")
    return Result(probe.name, True, repr(seen[:500]))


def _bytes(exchange: Mapping[str, str]) -> bytes:
    text = exchange.get("send", "").encode("latin-1")
    return bytes.fromhex(exchange["send_hex"]) if "send_hex" in exchange else text


def _read_until(connection: socket.socket, pattern: str) -> str:
    """Read until `pattern` is found, the peer closes or is silent for ten seconds (as Latin-1)."""
    text = ""
    while not _found(pattern, text):
        try:
            block = connection.recv(65536)
        except TimeoutError:
            break
        if not block:
            break
        text += block.decode("latin-1")
    return text


def _execute(probe: Probe, bundle: Bundle, options: Options) -> Result:
    assert isinstance(probe, ExecOutput)
    args = options.args if probe.args is None else tuple(probe.args)
    with Container(bundle, replace(options, args=args)) as container:
        try:
            code = container.wait(probe.timeout)
        except subprocess.TimeoutExpired:
            detail = f"still runs after {probe.timeout} s"
            return Result(probe.name, False, detail, container.logs)
        printed = container.logs
    right = code == probe.expect_exit and _found(probe.expect_output, printed)
    detail = f"exit code {code}, printed {printed[-500:]!r}"
    return Result(probe.name, right, detail, "" if right else printed)


def _found(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.DOTALL) is not None
