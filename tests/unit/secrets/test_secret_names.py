"""Names, values, places: what tells a credential from what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.secrets import context
from slimmer.secrets.match import FileSecrets, content_digests
from slimmer.secrets.paths import PathIndex
from slimmer.secrets.suppression import is_packaged, source_of_bytecode, spellings
from slimmer.secrets.words import is_placeholder, is_secret_name, is_secret_value, words_of

SECRET_NAMES = [
    "DB_PASSWORD",
    "dbPassword",
    "db.password",
    "spring.datasource.password",
    "API_KEY",
    "apiKey",
    "SECRET_KEY",
    "SECRET_KEY_BASE",
    "JWT_SECRET",
    "AUTH_TOKEN",
    "nexusPassword",
    "PGPASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "encryptionKey",
    "smtpPass",
    "pass_phrase",
    "client_secret",
    "accountKey",
    "REDIS_AUTH_TOKEN",
]
OTHER_NAMES = [
    "GPG_KEY",
    "PYTHON_SHA256",
    "PASSWORD_FILE",
    "TOKEN_URL",
    "SECRET_NAME",
    "password_reset_timeout",
    "PATH",
    "key",
    "JWT_PUBLIC_KEY",
    "SECRET_KEY_BASE_DUMMY",
    "token_type",
    "passwordPolicy",
    "author",
    "compass",
    "bypass",
    "API_KEY_HEADER",
    "primary_key",
    "foreign_key",
    "tokenizer",
    "keyboard",
    "HOST_KEY_ALGORITHMS",
]
PLACEHOLDERS = [
    *["changeme", "<password>", "${DB_PASSWORD}", "your-api-key", "xxxxxxxx", "/run/secrets/pw"],
    *["password_here", "arn:aws:secretsmanager:x", "env:FOO", "sysctl.*"],
    "{{ .Values.p }}",
]


@pytest.mark.parametrize(
    "name",
    SECRET_NAMES,
)
def test_secret_names(name: str) -> None:
    assert is_secret_name(name.encode())


@pytest.mark.parametrize(
    "name",
    OTHER_NAMES,
)
def test_other_names(name: str) -> None:
    assert not is_secret_name(name.encode())


@pytest.mark.parametrize(
    "value",
    PLACEHOLDERS,
)
def test_placeholders(value: str) -> None:
    assert is_placeholder(value.encode())
    assert not is_secret_value(value.encode())


def test_words_split_at_case_and_punctuation() -> None:
    assert words_of(b"dbPassword2_URL-x") == [b"db", b"password", b"2", b"url", b"x"]


@given(st.binary(max_size=200))
def test_judging_a_value_never_raises(value: bytes) -> None:
    assert is_secret_value(value) in (True, False)
    assert is_secret_name(value) in (True, False)


def test_path_patterns() -> None:
    index = PathIndex(
        [
            (".env", "env"),
            (".env.*", "env"),
            ("*.tfvars.json", "vars"),
            (".docker/config.json", "docker"),
            ("secrets/*", "folder"),
            ("config/credentials/*.key", "key"),
        ]
    )
    assert index.lookup("app/.env") == ["env"]
    assert index.lookup(".ENV.local") == ["env"]
    assert index.lookup("a/x.tfvars.json") == ["vars"]
    assert index.lookup("a/x.json") == []
    assert index.lookup("root/.docker/config.json") == ["docker"]
    assert index.lookup("root/x.docker/config.json") == []
    assert index.lookup("run/secrets/db") == ["folder"]
    assert index.lookup("app/config/credentials/prod.key") == ["key"]
    assert index.lookup("app/credentials/prod.key") == []


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("app/node_modules/a/test/k.pem", True),
        ("usr/lib/python3/dist-packages/twisted/test/server.pem", True),
        ("usr/share/doc/openssl/key.pem", True),
        ("root/go/pkg/mod/a.b/c@v1/x_test.go", True),
        ("usr/lib/python3/site-packages/key.pem", False),
        ("usr/lib/python3/site-packages/contest/key.pem", False),
        ("app/test/key.pem", False),
        ("home/u/examples/key.pem", False),
    ],
)
def test_tests_inside_packages(path: str, inside: bool) -> None:
    assert context.in_package_tests(path) is inside


class Database:
    """One package that installed one file."""

    def __init__(self, path: str, *digests: str, intact: bool = True) -> None:
        self._path, self._digests, self._intact = path, digests, intact

    def digests(self, path: str) -> tuple[str, ...]:
        return self._digests if path == self._path else ()

    def intact(self, path: str) -> bool:
        return path == self._path and self._intact


CONTENT = b"content of a packaged file"
SECRETS = FileSecrets((), *content_digests([CONTENT]))


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_a_packaged_file_is_known_by_any_digest(algorithm: str) -> None:
    database = Database("usr/lib/a", f"{algorithm}:{getattr(SECRETS, algorithm)}")
    assert is_packaged("usr/lib/a", SECRETS, database)
    assert is_packaged("lib/a", SECRETS, database)
    assert not is_packaged("usr/lib/b", SECRETS, database)


def test_a_changed_file_is_not_packaged() -> None:
    other = content_digests([CONTENT + b"!"])[0]
    assert not is_packaged("usr/lib/a", SECRETS, Database("usr/lib/a", f"md5:{other}"))


def test_bytecode_goes_with_its_source() -> None:
    source, compiled = "usr/lib/p/a.py", "usr/lib/p/__pycache__/a.cpython-312.opt-1.pyc"
    assert source_of_bytecode(compiled) == source
    assert source_of_bytecode("usr/lib/p/a.pyc") == source
    assert source_of_bytecode(source) is None
    assert is_packaged(compiled, SECRETS, Database(source))
    assert not is_packaged(compiled, SECRETS, Database(source, intact=False))


def test_missing_digests_never_count_as_equal() -> None:
    chunked = FileSecrets((), "", "", "")
    assert not is_packaged("usr/lib/a", chunked, Database("usr/lib/a", "md5:"))


def test_spellings_under_merged_usr() -> None:
    assert spellings("lib/a") == ("lib/a", "usr/lib/a")
    assert spellings("usr/bin/a") == ("usr/bin/a", "bin/a")
    assert spellings("etc/a") == ("etc/a",)
