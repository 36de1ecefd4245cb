"""Secrets are shown whole only when asked for, from every place they were found in."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WEBSHOP = "sample-images/webshop.tar"


def _inspect(*words: str, cache: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "slimmer", "inspect", WEBSHOP, *words],
        cwd=ROOT,
        env={"SLIM_CACHE_DIR": str(cache), "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    done = _inspect("--show-secrets", cache=tmp_path_factory.mktemp("cache"))
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("Secrets, whole\n")[2].splitlines()


def test_each_place_has_its_secrets(shown: list[str]) -> None:
    places = {line.strip().partition(": ")[0].rpartition(":")[0] for line in shown}
    assert {"/srv/app/.env", "/srv/app/.npmrc", "/root/.ssh/id_rsa", "/srv/app/tls/server.key"} <= (
        places
    )
    assert "/srv/app/settings.ini" in places, "a file that a higher layer hides"
    assert any(line.strip().startswith("ENV DB_PASSWORD: ") for line in shown)
    assert any(line.strip().startswith("history line 4: ") for line in shown)
    key = next(line for line in shown if "server.key" in line)
    assert "-----BEGIN PRIVATE KEY-----\\x0a" in key
    assert "-----END PRIVATE KEY-----" in key


def test_nothing_of_it_is_shown_otherwise(shown: list[str], tmp_path: Path) -> None:
    secrets = [line.partition(": ")[2] for line in shown]
    assert min(map(len, secrets)) > 8
    for form in ("text", "json", "sarif", "html", "markdown"):
        text = _inspect("--format", form, cache=tmp_path).stdout
        assert text
        assert [secret for secret in secrets if secret in text] == []


def test_only_text_shows_them(tmp_path: Path) -> None:
    done = _inspect("--show-secrets", "--format", "json", cache=tmp_path)
    assert done.returncode == 2
    assert "--show-secrets is for text only" in done.stderr
    assert json.loads(_inspect("--format", "json", cache=tmp_path).stdout)["findings"]
