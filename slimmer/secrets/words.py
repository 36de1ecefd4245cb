"""Telling a credential from a word that stands where a credential would.

Names are split into words (`dbPassword`, `DB_PASSWORD` and `db.password` are the same), and only
their last words decide. Values are judged by what they contain and how varied they are.
"""

import math
import re
from collections import Counter

_WORD = re.compile(rb"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_WORDS = frozenset(
    b"password passwd passwort passphrase pwd passwords secret secrets token authtoken apitoken "
    b"accesstoken apikey secretkey authkey privatekey credentials userpass dbpass "
    b"passcode psk authtok keypass storepass".split()
)
_KEY_KINDS = frozenset(
    b"api access private secret signing encryption master account auth app application service "
    b"shared session encrypt crypto cipher storage deploy admin license jwt hmac token nonce in "
    b"client subscription consumer logged".split()
)
_PASS_BEFORE = frozenset(
    b"db user root admin smtp mail mysql postgres redis ftp sql pg ldap".split()
)
_IGNORED_TAIL = frozenset(
    b"base value val prod production dev staging live test default old new current primary "
    b"secondary backup main hex b64 base64 plain text raw string data 1 2 3".split()
)

_PLACEHOLDER = re.compile(
    rb"(?i)example|change.?me|change.?this|placeholder|dummy|redacted|replace|insert|x{4}|\*{3}|\.{3}"
    rb"|your.?(?:own|api|access|secret|token|key|pass|user|name|client|account|auth|host|domain|app)"
    rb"|(?:^|[^a-z])(?:my|your|the|some|enter|put|fill|add|set|todo|fixme|tbd|foo|bar|foobar|fake"
    rb"|mock|sample|demo|test|testing|null|none|nil|undefined|true|false|secret|password|passwd|pass"
    rb"|pwd|passphrase|token|dbpassword|username|user)(?:[^a-z0-9]|[0-9]{0,3}$)"
    rb"|here$|^(?:abc|qwe|asd|123)[a-z0-9]{0,9}$|^(?:admin|root|guest|user|test|demo|postgres|mysql)[0-9]{0,4}$|(?:super|top|very).?secret"
    rb"|(?:my|your|user|test|repo|some|our)(?:secret|pass|pwd|token|key)"
    rb"|0123456789|1234567890|12345678|abcdefgh|deadbeef|00000000|aaaaaa|password|passw0rd|notasecret"
    rb"|not.?a.?real|not.?a.?secret|do.?not.?use|invalid"
)
_TOKEN_PLACEHOLDER = re.compile(
    rb"(?i)example|change.?me|placeholder|dummy|redacted|x{5}|\*{3}|\.{3}|your.?(?:api|access|secret"
    rb"|token|key)|0123456789|1234567890|abcdefgh|deadbeef|0{7}|a{6}|fake|foobar|secretkey|apikey"
)
_REFERENCE = re.compile(
    rb"\$\{|\$\(|\{\{|\{%|%\(|%[A-Z_]+%|#\{|<[^<>]*>|^\$[A-Za-z_]|^@[A-Za-z]|^!|^ENC\[|^ENC\(|^vault:"
    rb"|^arn:|^projects/|^secret://|^op://|^ref\+|^file:|^env[:.(]|^os\.|^process\.|^System\.|^\{cipher\}"
    rb"|^kms:|^ssm:|^\{[A-Z0-9_a-z]+\}$|^data:|^urn:|^https?://[^:@/]+(?:[:/][^@]*)?$"
)
_NAME = re.compile(rb"^[a-z]+(?:[._:/-][a-z*%]+){1,3}$|^[A-Z]+(?:_[A-Z]+)+$")
_FILE_PATH = re.compile(
    rb"^(?:~|\.{1,2})?/[\w.\-/]+$|^[A-Za-z]:\\|^[\w.\-/]+\.(?:pem|key|crt|json|ya?ml|txt|conf)$"
)


def words_of(name: bytes) -> list[bytes]:
    """`name` split at case changes and punctuation, in lower case."""
    return [word.lower() for word in _WORD.findall(name)]


def is_secret_name(name: bytes) -> bool:
    """Whether a setting of that name holds a credential, judged by its last words."""
    words = words_of(name[-120:])
    while len(words) > 1 and words[-1] in _IGNORED_TAIL:
        words.pop()
    if not words:
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else b""
    if last in _SECRET_WORDS:
        return True
    if last == b"phrase":
        return before == b"pass"
    if last in (b"key", b"keys", b"salt"):
        return before in _KEY_KINDS and b"public" not in words
    if last in (b"pass", b"pw"):
        return before in _PASS_BEFORE or len(words) == 1
    if last == b"auth":
        return name.startswith((b"_", b"//"))
    return last.endswith((b"password", b"passwd", b"passphrase", b"apikey")) and len(last) < 30


def entropy(value: bytes) -> float:
    """Shannon entropy of the bytes of `value`, in bits per byte."""
    if not value:
        return 0.0
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())


def char_classes(value: bytes) -> int:
    """How many of lower case, upper case, digits and the rest occur in `value`."""
    return (
        any(0x61 <= c <= 0x7A for c in value)
        + any(0x41 <= c <= 0x5A for c in value)
        + any(0x30 <= c <= 0x39 for c in value)
        + any(not (0x30 <= c <= 0x39 or 0x41 <= c <= 0x5A or 0x61 <= c <= 0x7A) for c in value)
    )


def is_placeholder(value: bytes) -> bool:
    """Whether a password-like value stands for one that is to be filled in."""
    value = value[:512]
    return bool(
        len(set(value)) < 4
        or _REFERENCE.search(value)
        or _PLACEHOLDER.search(value)
        or _FILE_PATH.match(value)
        or _NAME.match(value)
    )


def is_token_placeholder(value: bytes) -> bool:
    """The same for the random part of a token, where short words are likely by chance."""
    value = value[:512]
    return len(set(value)) < min(6, len(value) // 2) or bool(_TOKEN_PLACEHOLDER.search(value))


def is_secret_value(value: bytes) -> bool:
    """Whether a value that stands after a secret's name looks like a real one."""
    size = len(value)
    if size < 6 or size > 4096 or is_placeholder(value):
        return False
    classes = char_classes(value)
    if b" " in value or b"\t" in value:
        # WordPress salts hold spaces; sentences do too, but neither digits nor signs like these.
        return size >= 32 and classes == 4 and entropy(value) > 4.5
    if value.isdigit():
        return size >= 8
    if classes == 1 or (value.isalpha() and value[1:].islower()):
        return size >= 16 and entropy(value) > 3.2
    return entropy(value) >= (2.0 if size < 10 else 2.3)
