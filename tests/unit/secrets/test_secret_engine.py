"""What the scanner finds, leaves, and says about it."""

import hashlib
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from secret_samples import fill, pick

from slimmer.formats.read import reader_of
from slimmer.image.facts import TOO_MANY, facts_of
from slimmer.secrets import compiled, detector, engine
from slimmer.secrets.budget import Budget
from slimmer.secrets.candidate import Candidate, Validator, Verdict
from slimmer.secrets.engine import Scanner
from slimmer.secrets.match import SecretMatch, content_digests
from slimmer.secrets.rule import catalogue
from slimmer.secrets.validators import VALIDATORS

SCANNER = Scanner()
TOKEN = fill("ghp_<<crc:30>>")


def short(value: object) -> str:
    """A test id without what was generated: ids are written to pytest's cache."""
    return str(value)[:9]


MUST_FIND = [
    ("root/.aws/credentials", "[default]\naws_secret_access_key=<<b64mix:40>>\n"),
    ("app/main.tf", 'access_key = "AKIA<<base32:16>>"'),
    ("app/terraform.tfvars", 'db_password = "<<pass:16>>"'),
    ("opt/x/prod.tfstate", '{"attributes":{"master_password":"<<alnum:16>>"}}'),
    ("app/config/database.yml", "production:\n  password: <<alnum:16>>\n"),
    ("app/application-prod.yml", "spring:\n  datasource:\n    password: <<pass:14>>\n"),
    ("app/config/config.php", "<?php $db['password'] = '<<pass:14>>';"),
    ("app/.env.local", "NEXTAUTH_SECRET=<<b64:43>>=\n"),
    ("app/docker-compose.yml", "    environment:\n      - POSTGRES_PASSWORD=<<alnum:16>>\n"),
    ("app/k8s/deploy.yaml", "env:\n- name: DB_PASSWORD\n  value: <<pass:14>>\n"),
    ("root/.zsh_history", ": 1690000000:0;mysql -uroot -p<<alnum:12>> db\n"),
    ("root/.bash_history", "sshpass -p <<pass:12>> ssh root@host\n"),
    ("root/.mysql_history", "ALTER USER 'root'@'%' IDENTIFIED BY '<<pass:14>>';\n"),
    ("entrypoint.sh", "#!/bin/sh\nexport API_TOKEN=<<alnum:32>>\nexec app\n"),
    ("root/.config/containers/auth.json", '{"auths":{"quay.io":{"auth":"<<basic>>"}}}'),
    ("root/.kube/config", "clusters: []\nusers:\n- user:\n    password: <<alnum:16>>\n"),
    ("srv/s.json", '{"apiVersion":"v1","kind":"Secret","data":{"pw":"<<b64pass>>"}}'),
    ("etc/app/settings.py", 'SECRET_KEY = "<<alnum:50>>"\n'),
    ("root/.pgpass", "*:*:*:postgres:hunter2x\n"),
    ("etc/nginx/.htpasswd", "u:$2y$10$<<alnum:53>>\n"),
    ("etc/shadow", "app:$y$j9T$<<alnum:22>>$<<alnum:43>>:19000:0:99999:7:::\n"),
    ("app/requirements.txt", "--index-url https://ci:<<alnum:16>>@nexus.corp.io/simple\n"),
    ("app/web.config", 'connectionString="Server=db.corp.io;Password=<<pass:14>>;"'),
    ("app/main.js", "connect('mongodb+srv://svc:<<alnum:16>>@c0.ab1cd.mongodb.net/app')"),
    ("app/.git/config", '[remote "o"]\n\turl = https://ci:<<alnum:16>>@gitlab.corp.io/x.git\n'),
    ("var/run/secrets/kubernetes.io/serviceaccount/token", "<<jwt>>"),
    ("run/secrets/db_password", "<<pass:16>>\n"),
    ("var/lib/rabbitmq/.erlang.cookie", "<<base32:20>>"),
    ("etc/tomcat9/tomcat-users.xml", '<user username="admin" password="<<alnum:14>>"/>'),
    ("etc/systemd/system/app.service", '[Service]\nEnvironment="API_TOKEN=<<alnum:32>>"\n'),
    ("app/lib.so", "\x7fELF\0\0rodata glpat-<<alnum:20>>\0"),
    ("app/server", "\x7fELF\0\0stringghp_<<crc:30>>nextstring\0"),
    ("var/lib/x.db", "\0\0SQLite xoxb-<<digits:12>>-<<digits:13>>-<<alnum:24>>\0"),
    ("usr/lib/python3/dist-packages/foo.npmrc.txt", "npm_<<crc:30>>"),
]

MUST_NOT_FLAG = [
    ("app/.env.example", "DB_PASSWORD=<<pass:16>>\nAPI_KEY=<your-api-key>\n"),
    ("app/.env", "DB_PASSWORD=${DB_PASSWORD}\nPORT=3000\nSECRET=\nTOKEN=changeme\n"),
    ("app/README.md", "curl -u user:pass https://example.com ghp_" + "x" * 36),
    ("app/src/auth.py", 'password = config.get("db", "password")\nAPI_KEY = os.environ["K"]\n'),
    ("app/settings.py", 'password = get_password()\nSECRET = os.getenv("SECRET", "")\n'),
    ("app/locale/de.json", '{"password": "Passwort", "token": "Zugangstoken"}'),
    ("app/config.json", '{"token_url": "https://a.b/c", "password_reset": "/reset"}'),
    ("app/yarn.lock", "integrity sha512-<<b64:86>>==\n"),
    ("app/docker-compose.yml", "POSTGRES_PASSWORD: postgres\nSECRET_FILE: /run/secrets/a\n"),
    ("root/.npmrc", "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n"),
    ("root/.netrc", "# machine example.com login USER password PASS\n"),
    ("home/u/.bash_history", "docker login -p $TOKEN\nmysql -u root -p app\nexit\n"),
    ("etc/shadow", "root:*:19700:0:99999:7:::\nwww-data:!:19700::::::\n"),
    ("usr/share/maven/conf/settings.xml", "<!-- <password>repopwd</password> -->"),
    ("var/lib/dpkg/info/foo.md5sums", "<<hex:32>>  usr/share/foo\n"),
    ("usr/lib/systemd/system/a.service", "[Service]\nImportCredential=sysctl.*\n"),
    ("app/k8s/tpl.yaml", "kind: Secret\nstringData:\n  password: {{ .Values.p }}\n"),
    ("app/k8s/s.yaml", "kind: SealedSecret\nspec:\n  encryptedData:\n    password: <<b64:99>>\n"),
    ("app/node_modules/x/test/.env", "SECRET=<<pass:16>>\n"),
    ("usr/lib/ruby/gems/3.1.0/gems/a-1/spec/fixtures/t", "<<jwt>>"),
    ("usr/share/doc/x/examples/a.txt", "https://ci:<<alnum:16>>@git.corp.io/x"),
    ("go/pkg/mod/a.com/b@v1/x_test.go", "ghp_<<crc:30>>"),
    ("app/node_modules/y/lib/index.js", "// e.g. <<jwt>>"),
    ("etc/machine-id", "<<hex:32>>\n"),
]


def _matches(path: str, text: str) -> tuple[SecretMatch, ...]:
    secrets = SCANNER.scan_file(path, fill(text).encode("latin-1"))
    return secrets.matches if secrets else ()


@pytest.mark.parametrize(("path", "text"), MUST_FIND, ids=short)
def test_finds(path: str, text: str) -> None:
    assert any(match.severity != "low" for match in _matches(path, text))


@pytest.mark.parametrize(("path", "text"), MUST_NOT_FLAG, ids=short)
def test_leaves(path: str, text: str) -> None:
    assert _matches(path, text) == ()


def test_a_match_says_where_and_never_what() -> None:
    data = f"first\ntoken: {TOKEN}\n".encode()
    secrets = SCANNER.scan_file("app/notes.txt", data)
    assert secrets is not None
    (match,) = secrets.matches
    assert data[match.offset : match.offset + match.length] == TOKEN.encode()
    assert (match.rule, match.line, match.redacted) == ("github-token", 2, "ghp_...")
    assert match.fingerprint == hashlib.sha256(TOKEN.encode()).hexdigest()[:16]
    assert not match.whole_file
    assert (secrets.md5, secrets.sha1, secrets.sha256) == content_digests([data])
    assert secrets.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(("path", "text"), MUST_FIND, ids=short)
def test_redaction_shows_no_more_than_a_quarter(path: str, text: str) -> None:
    data = fill(text).encode("latin-1")
    for match in _matches(path, text):
        secret = data[match.offset : match.offset + match.length].decode("latin-1")
        shown = match.redacted.removesuffix("...")
        assert match.redacted.isascii()
        assert match.redacted.isprintable()
        assert not shown or len(shown) <= 4 or shown not in secret or "KEY" in shown


@pytest.mark.parametrize(
    ("path", "text", "whole"),
    [
        ("root/.npmrc", "//r.corp.io/:_authToken=<<uuid>>", True),
        ("app/.env", "DB_PASSWORD=<<pass:16>>", True),
        ("root/.cache/huggingface/token", "hf_<<alpha:34>>", True),
        ("any/where", "ghp_<<crc:30>>\n", True),
        ("app/settings.py", "SECRET_KEY = '<<alnum:50>>'", False),
        ("app/appsettings.json", '{"ApiKey": "<<alnum:32>>"}', False),
        ("app/server.log", "2026 token ghp_<<crc:30>> used\n", False),
        ("app/bin", "\x7fELF\0ghp_<<crc:30>>\0", False),
        ("etc/shadow", "root:$6$<<alnum:16>>$<<alnum:86>>:1:0:9:7:::", False),
    ],
)
def test_whole_file(path: str, text: str, whole: bool) -> None:
    assert [match.whole_file for match in _matches(path, text)] == [whole]


def test_memoryview_and_bytes_agree() -> None:
    data = f"x {TOKEN} y".encode()
    assert SCANNER.scan_file("a", memoryview(data)) == SCANNER.scan_file("a", data)


def test_an_empty_file_and_an_ordinary_one_give_none() -> None:
    assert SCANNER.scan_file("app/.env", b"") is None
    assert SCANNER.scan_file("app/x", b"nothing here") is None


def test_elf_kind_skips_rules_for_text() -> None:
    data = fill("postgres://svc:<<alnum:20>>@db.corp.io/app").encode()
    assert SCANNER.scan_file("app/x", data, kind="elf") is None
    assert SCANNER.scan_file("app/x", data) is not None


@pytest.mark.parametrize("step", [1000, 64 * 1024, 1 << 20])
def test_chunks_find_what_the_whole_does(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    monkeypatch.setattr(engine, "CHUNK", 100_000)
    tokens = [fill(f"ghp_<<crc:30>>{n}")[:40] for n in range(40)]
    data = b"\n".join(token.encode() + b"\n" + b"lorem ipsum " * 2000 for token in tokens)
    whole = SCANNER.scan_file("app/log", data)
    chunks = [data[i : i + step] for i in range(0, len(data), step)]
    pieces = SCANNER.scan_chunks("app/log", chunks)
    assert whole is not None
    assert pieces is not None
    assert pieces.matches == whole.matches
    assert pieces.sha256 == ""


def test_chunks_hold_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CHUNK", 50_000)
    sizes: list[int] = []
    original = SCANNER._scan

    def spy(path: str, data: bytes, kind: str) -> None:
        sizes.append(len(data))
        original(path, data, kind)

    monkeypatch.setattr(SCANNER, "_scan", spy)
    SCANNER.scan_chunks("app/x", (b"a" * 7_000 for _ in range(200)))
    assert max(sizes) <= 50_000 + engine.OVERLAP + 7_000
    assert len(sizes) > 10


def test_a_clone_works_in_another_thread() -> None:
    results: list[object] = []

    def work(scanner: Scanner) -> None:
        results.extend(scanner.scan_file("a", f"{n} {TOKEN}".encode()) for n in range(300))

    threads = [threading.Thread(target=work, args=(SCANNER.clone(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 1200
    assert all(results)


def test_rule_and_advice_of_every_match_exist() -> None:
    for path, text in MUST_FIND:
        for match in _matches(path, text):
            assert SCANNER.rule(match.rule).title
            assert SCANNER.advice(match.rule).endswith(".")


def test_path_interesting() -> None:
    assert SCANNER.path_interesting("root/.aws/credentials")
    assert SCANNER.path_interesting("app/.ENV")
    assert not SCANNER.path_interesting("usr/bin/ls")
    assert not SCANNER.path_interesting("app/credentials.md")


CLEAN_ENV = [
    ("PATH", "/usr/bin"),
    ("GPG_KEY", pick("HEX", 40)),
    ("PYTHON_SHA256", pick("hex", 64)),
    ("NGINX_GPGKEY", pick("HEX", 40)),
    ("REDIS_DOWNLOAD_SHA", pick("hex", 64)),
    ("SECRET_KEY_BASE_DUMMY", "1"),
    ("POSTGRES_PASSWORD_FILE", "/run/secrets/pw"),
    ("TOKENIZERS_PARALLELISM", "false"),
    ("AUTH_TYPE", "AUTH_DB_WITH_FALLBACK"),
    ("PASSWORD_MIN_LENGTH", "12345678"),
    ("DB_PASSWORD", ""),
    ("DB_PASSWORD", "changeme"),
    ("TOKEN", "${TOKEN}"),
    ("GOOGLE_APPLICATION_CREDENTIALS", "/secrets/key.json"),
    ("SSL_CERT_FILE", "/etc/ssl/cert.pem"),
    ("JWT_PUBLIC_KEY", pick("alnum", 40)),
]


@pytest.mark.parametrize(("name", "value"), CLEAN_ENV, ids=short)
def test_clean_environment(name: str, value: str) -> None:
    assert SCANNER.scan_text(name, value, "env") == []


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("AWS_SECRET_ACCESS_KEY", pick("b64mix", 40), "aws-secret-access-key"),
        ("DB_PASSWORD", pick("pass", 16), "generic-secret"),
        ("GITHUB_TOKEN", TOKEN, "github-token"),
        ("DATABASE_URL", "postgres://svc:" + pick("alnum", 18) + "@db/app", "url-password"),
        ("JAVA_OPTS", "-Ddb.password=" + pick("alnum", 16), "command-password"),
    ],
    ids=short,
)
@pytest.mark.parametrize("origin", ["env", "arg"])
def test_secrets_in_environment(name: str, value: str, rule: str, origin: engine.Origin) -> None:
    (match,) = SCANNER.scan_text(name, value, origin)
    assert match.rule == rule
    assert 0 <= match.offset < len(value)
    assert (
        hashlib.sha256(value[match.offset :].encode()[: match.length])
        .hexdigest()
        .startswith(match.fingerprint)
    )


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        (f"RUN |1 GITHUB_TOKEN={TOKEN} /bin/sh -c make # buildkit", ["github-token"]),
        (fill("RUN |1 PASSWORD=<<pass:14>> /bin/sh -c make"), ["command-assignment"]),
        (
            fill("RUN pip install -i https://ci:<<alnum:18>>@pypi.corp.io/simple a"),
            ["url-password"],
        ),
        (fill("RUN curl -u ci:<<pass:16>> https://nexus.corp.io/a"), ["command-password"]),
        (fill("ENV API_SECRET <<alnum:20>>"), ["command-assignment"]),
        (fill("ENV GPG_KEY=<<HEX:40>>"), []),
        ("ARG NODE_VERSION=22.1.0", []),
        ("RUN --mount=type=secret,id=npm_token npm ci", []),
        ("RUN echo 'password: ' && read p", []),
    ],
    ids=short,
)
def test_history(line: str, rules: list[str]) -> None:
    assert [match.rule for match in SCANNER.scan_text("", line, "history")] == rules


def test_published_examples_are_left() -> None:
    account = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq"
    value = f"AccountKey={account}/K1SZFPTOtr/KBHBeksoGMGw=="
    assert SCANNER.scan_file("app/x", value.encode()) is None


def test_a_noisy_file_is_bounded() -> None:
    data = b"\n".join(f"a {TOKEN} b".encode() for _ in range(20_000))
    secrets = SCANNER.scan_file("app/x", data)
    assert secrets is not None
    assert len(secrets.matches) <= engine.MAX_MATCHES


FRAGMENTS = (
    b"-----BEGIN PRIVATE KEY-----;-----END PRIVATE KEY-----;eyJ;.;=;\n;\0;password: ;kind: Secret\n"
    b';data:\n;users:\n;AKIA;ghp_;://a:;@b;"kty":"RSA";"type": "service_account";{;}'
    b";LS0tLS1CRUdJTi;\x30\x82;\xfe\xed\xfe\xed;<!--;PuTTY-User-Key-File-2: "
).split(b";")
ALPHABET = st.sampled_from([*FRAGMENTS, pick("alnum", 36).encode()])


@settings(max_examples=150, deadline=None)
@given(
    data=st.one_of(st.binary(max_size=300), st.lists(ALPHABET, max_size=40).map(b"".join)),
    path=st.sampled_from(["app/x", "app/.env", "root/.kube/config", "a/id.key", ".git/HEAD"]),
)
def test_arbitrary_content_gives_valid_matches(data: bytes, path: str) -> None:
    secrets = SCANNER.scan_file(path, data)
    for match in secrets.matches if secrets else ():
        assert 0 <= match.offset <= match.offset + match.length <= len(data)
        assert match.redacted.isascii()
        assert match.severity in ("low", "medium", "high", "critical")
    SCANNER.scan_text("NAME", data.decode("latin-1"), "history")


@pytest.fixture(scope="module")
def slow_scanner() -> Scanner:
    """A scanner as it is where hyperscan cannot be imported."""
    patched = pytest.MonkeyPatch()
    patched.setattr(detector, "hyperscan", None)
    try:
        return Scanner()
    finally:
        patched.undo()


def test_without_hyperscan_the_same_is_found(slow_scanner: Scanner) -> None:
    assert isinstance(slow_scanner._detector, detector.ReDetector)
    cases = [(path, fill(text)) for path, text in MUST_FIND + MUST_NOT_FLAG]
    for rule in catalogue().rule:
        cases += [(rule.test_path or "app/x", fill(text)) for text in rule.match + rule.no_match]
    for path, text in cases:
        data = text.encode("latin-1")
        assert slow_scanner.scan_file(path, data) == SCANNER.scan_file(path, data), (path, text)


@settings(max_examples=60, deadline=None)
@given(st.lists(ALPHABET, max_size=30).map(b"".join))
def test_without_hyperscan_noise_is_judged_alike(slow_scanner: Scanner, data: bytes) -> None:
    assert slow_scanner.scan_file("app/x", data) == SCANNER.scan_file("app/x", data)


def _judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts candidates as they are judged, in the one number of the list."""
    count = [0]

    def counting(validator: Validator) -> Validator:
        def judge(candidate: Candidate) -> Verdict | None:
            count[0] += 1
            return validator(candidate)

        return judge

    counted = {name: counting(validator) for name, validator in VALIDATORS.items()}
    monkeypatch.setattr(compiled, "VALIDATORS", counted)
    return count


def test_look_alikes_of_a_layer_are_judged_within_a_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scanner = SCANNER.clone()
    monkeypatch.setattr(scanner, "_budget", Budget(layer=100, file=60))
    judged = _judged(monkeypatch)
    lines = b"A_PASSWORD=changeme\n"
    given_up = []
    for number in range(20):
        scanner.scan_file(f"app/{number}/.env", lines * 50)
        given_up.append(scanner.gave_up)
    assert judged == [100]
    assert given_up == [False] + [True] * 19
    assert scanner.scan_file("app/plain.txt", b"nothing of note\n") is None
    assert not scanner.gave_up
    scanner.start_layer()
    scanner.scan_file("app/.env", lines * 90)
    assert judged == [160]
    assert scanner.gave_up


def test_a_file_that_was_not_judged_whole_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    own = SCANNER.clone()
    monkeypatch.setattr(own, "_budget", Budget(file=3))
    data = b"A_PASSWORD=changeme\n" * 9
    facts = facts_of("app/.env", len(data), reader_of(data), own)
    assert facts is not None
    assert facts.unread == TOO_MANY
