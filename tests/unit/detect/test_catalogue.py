"""All detectors together, and the tables they read."""

from support import planted
from support.layers import Content, File, Folder, Symlink

from slimmer.detect.catalogue import CATEGORIES, DETECTORS, detect_all
from slimmer.detect.interface import Finding
from slimmer.detect.policy import checks
from slimmer.detect.tool_table import tool_table
from slimmer.detect.words import count, listed, sentence, shown, size

from .subjects import Layer, brief, ids, noise, program, script, subject_of


def bad_image() -> tuple[list[Layer], dict[str, object]]:
    base: dict[str, Content] = {
        "bin": Symlink("usr/bin"),
        "usr/bin/bash": program("bash"),
        "usr/bin/sh": Symlink("bash"),
        "usr/bin/su": program("su", mode=0o4755),
        "usr/bin/gcc-12": program("gcc"),
        "root/key": planted.rsa_private_key("x").encode(),
        "tmp": Folder(0o1777),
    }
    above: dict[str, Content] = {
        "root/.wh.key": b"",
        "app/data": Folder(0o777),
        "app/run.sh": script(),
        "var/lib/apt/lists/x": noise(5000),
        "app/.env": f"TOKEN={planted.github_token('x')}\n".encode(),
    }
    config: dict[str, object] = {
        "Cmd": ["/bin/sh", "-c", "/app/run.sh"],
        "ExposedPorts": {"80/tcp": {}},
    }
    return [base, above], config


def findings_of_bad_image() -> list[Finding]:
    layers, config = bad_image()
    return detect_all(subject_of(*layers, config=config))


def test_worst_first() -> None:
    findings = findings_of_bad_image()
    assert [(f.severity.label, f.id, f.path, f.layer) for f in findings] == [
        ("critical", "secret.github-token", "app/.env", 1),
        ("high", "secret.private-key-pem", "root/key", 0),
        ("high", "user.root", None, None),
        ("medium", "shell.bash", "usr/bin/bash", 0),
        ("medium", "compiler.gcc", "usr/bin/gcc-12", 0),
        ("medium", "setuid.setuid", "usr/bin/su", 0),
        ("medium", "permissions.world-writable", "app/data", 1),
        ("low", "entrypoint.shell-form", None, None),
        ("low", "healthcheck.missing", None, None),
        ("low", "port.privileged", None, None),
        ("low", "cache.package-index", "var/lib/apt/lists", 1),
    ]


def test_the_same_image_gives_the_same_list() -> None:
    assert findings_of_bad_image() == findings_of_bad_image()


def test_an_image_with_nothing_to_say_about() -> None:
    layer: Layer = {
        "app/server": program(),
        "app/config.json": b"{}",
        "etc/passwd": b"root:x:0:0:::\napp:x:10001:10001:::\n",
        "etc/ssl/certs/ca-certificates.crt": b"-----BEGIN CERTIFICATE-----\n",
        "tmp": Folder(0o1777),
        "usr/share/zoneinfo/UTC": b"TZif2",
    }
    assert brief(detect_all(subject_of(layer))) == []


def test_an_image_of_nothing() -> None:
    assert ids(detect_all(subject_of({}))) == [("healthcheck.broken", None)]


def test_hostile_names() -> None:
    names = ["\x1b[31m", "a\nb", "\udcff", "x" * 200, "*", "bash\n", "..."]
    layer: dict[str, Content] = {f"bin/{name}": program(mode=0o6777) for name in names}
    layer |= {f"etc/{name}": File(b"x", 0o666) for name in names}
    layer |= {f"bin/link{n}": Symlink(name) for n, name in enumerate(names)}
    layer["loop"] = Symlink("loop")
    config = {
        "Cmd": ['"', "'unbalanced", "/" * 5000, "loop/loop", "\x00"],
        "Env": ["=", "PATH=loop:/loop:::relative:/bin", "\x1b"],
        "User": "\x1b[31m\n",
        "Healthcheck": {"Test": ["CMD-SHELL", "x"]},
        "Shell": ["/bin\n/x"],
        "WorkingDir": "../..",
    }
    findings = detect_all(subject_of(layer, config=config))
    assert all(finding.message.isprintable() for finding in findings)
    assert {finding.category for finding in findings} <= set(CATEGORIES)


def test_categories_and_judgements_agree() -> None:
    named = {category for detector in DETECTORS for category in detector.categories}
    assert named == set(CATEGORIES)
    assert len(set(CATEGORIES)) == len(CATEGORIES)
    for check_id, check in checks().items():
        assert check.category in CATEGORIES
        assert check_id.startswith(f"{check.category}.")
    for tool in tool_table().tool:
        assert tool.category in tool_table().category


def test_every_judgement_is_one_line_with_advice() -> None:
    table = tool_table()
    judged = [*checks().values(), *(table.check(tool) for tool in table.tool)]
    for check in judged:
        assert check.advice.endswith(".") or check.advice.endswith(")")
        assert "\n" not in check.advice
        assert len(check.advice) <= 110
        for reference in check.references:
            assert reference.startswith(("CIS Docker ", "NIST SP 800-190 ", "CWE-"))


def test_words() -> None:
    assert [count(n, "file") for n in (0, 1, 2, 4992)] == [
        *("0 files", "1 file", "2 files", "4,992 files")
    ]
    sizes = {1: "1 byte", 999: "999 bytes", 1000: "1.0 kB", 99_500: "99.5 kB", 99_949: "99.9 kB"}
    sizes |= {100_000: "100 kB", 999_499: "999 kB", 999_500: "1.0 MB", 10**13: "10.0 TB"}
    sizes |= {10**18: "1000000 TB"}
    assert {number: size(number) for number in sizes} == sizes
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"], 3) == "a, b and c"
    assert listed(["a", "b", "c", "d"], 3) == "a, b and 2 more"
    assert sentence("a list") == "A list"
    assert shown("a\x1b\n\u202eb", 5) == "a???b"
    assert shown("abcdef", 3) == "abc..."
