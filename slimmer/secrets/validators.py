"""The checks that rules name: each takes a `Candidate` and gives the `Verdict` or None."""

from slimmer.secrets import assignments, keys, logins, manifests, tokens
from slimmer.secrets.candidate import Candidate, Validator, Verdict, accept


def command_option(candidate: Candidate) -> Verdict | None:
    """What stands after a password option: no placeholder, no variable, no path."""
    value = candidate.secret
    if value.startswith((b"$", b"-", b"@", b"`")) or b"$(" in value:
        return None
    return assignments.opaque(candidate)


def path_only(candidate: Candidate) -> Verdict | None:
    """The file as such is the finding; nothing of it is shown."""
    return Verdict(0, 0)


def gnupg_key(candidate: Candidate) -> Verdict | None:
    """A GnuPG secret key file; one under a passphrase is low."""
    head = bytes(candidate.data[:4096])
    protected = b"protected-private-key" in head or b"shadowed-private-key" in head
    return Verdict(0, 0, "low" if protected else None)


def exists(candidate: Candidate) -> Verdict | None:
    """The pattern says it all."""
    return accept(candidate)


VALIDATORS: dict[str, Validator] = {
    "token": tokens.token,
    "mixed": tokens.mixed_token,
    "crc": tokens.crc_token,
    "aws-id": tokens.aws_access_key,
    "aws-secret": tokens.aws_secret_key,
    "jwt": tokens.jwt,
    "basic": logins.basic_auth,
    "basic-header": logins.basic_header,
    "url": logins.url_password,
    "url-weak": logins.url_password_weak,
    "url-token": logins.url_token,
    "connection": logins.connection_string,
    "hash": logins.password_hash,
    "mixed-case": tokens.mixed_case_token,
    "stripe": tokens.stripe_key,
    "azure-key": tokens.azure_key,
    "discord": tokens.discord_token,
    "twitter": tokens.twitter_bearer,
    "command": command_option,
    "path": path_only,
    "gnupg": gnupg_key,
    "kubernetes-secret": manifests.kubernetes_secret,
    "kubeconfig": manifests.kubeconfig,
    "gcp-account": manifests.service_account,
    "number": tokens.long_number,
    "exists": exists,
    "pem": keys.pem,
    "pem-base64": keys.pem_base64,
    "putty": keys.putty,
    "jwk": keys.jwk,
    "line": assignments.line_assignment,
    "quoted": assignments.quoted_assignment,
    "weak": assignments.weak_password,
    "opaque": assignments.opaque,
}
