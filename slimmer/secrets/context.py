"""Where a file stands, as far as its own path tells.

Packages ship keys and passwords for their tests and their manuals. Such a folder counts only
below the root of an installed package, and there is no list of trusted places: a key dropped
beside a package is seen.
"""

import re

_PACKAGE_ROOT = re.compile(
    r"(?:^|/)(?:node_modules|site-packages|dist-packages|gems|bundler/gems|vendor/bundle"
    r"|lib/python[23](?:\.\d+)?|lib/ruby/[^/]+|go/pkg/mod|usr/local/go|lib/go(?:-[\d.]+)?|lib/perl5?"
    r"|share/perl5?|lib/node|registry/src|conda/pkgs|lib/jvm|third_party|vendor(?:ed)?|_vendor"
    r"|usr/(?:local/)?(?:lib(?:32|64|exec|x32)?|share))/(.+)",
)
_TEST_FOLDER = re.compile(
    r"(?:^|/)(?:tests?|test(?:ing|data|cert|util|case|suite|server|file|key|resource|helper)s?"
    r"|tests?[-_.][^/]*|[^/]*[-_]tests?|specs?|__(?:tests|fixtures|mocks)__|(?:test[-_])?fixtures?"
    r"|regress(?:ion)?|fuzz[^/]*|mocks?|dummy[a-z]*|examples?|samples?|demos?|docs?|documentation"
    r"|tutorials?|bench(?:mark)?s?|certdata)/",
)
_TEST_FILE = re.compile(
    r"(?:^|/)(?:tests?[-_.][^/]*|testing\.[a-z]{1,4}|[^/]*[-_.](?:tests?|spec)(?:[-_.][^/]*)?"
    r"|[^/]*\.t|conftest\.py|metadata|pkg-info|[^/]*\.examples?\.json|readme[^/]*|changelog[^/]*"
    r"|changes[^/]*|history\.[^/]*|news[^/]*|[^/]*\.(?:md|rst|adoc|mdx|html?|pod))$",
)
_LIBRARY = re.compile(
    r"(?:^|/)(?:node_modules|site-packages|dist-packages|gems|vendor/bundle|lib/python[23](?:\.\d+)?"
    r"|go/pkg/mod|usr/local/go|registry/src|third_party|vendored|_vendor|share/perl5?|lib/perl5?)/"
)
_DOC_ROOT = re.compile(r"(?:^|/)usr/(?:local/)?share/(?:doc|man|info|help|gtk-doc)/")
_EXAMPLE_NAME = re.compile(
    r"(?:^|[._-])(?:examples?|samples?|templates?|tmpl|tpl)(?:[._-]|$)|[._-](?:dist|defaults?)(?:\.|$)"
)


def in_package_tests(path: str) -> bool:
    """Whether the path is test, example or manual material inside an installed package."""
    lowered = path.lower()
    if _DOC_ROOT.search("/" + lowered):
        return True
    root = _PACKAGE_ROOT.search(lowered)
    if root is None:
        return False
    inside = root[1]
    return bool(_TEST_FOLDER.search(inside) or _TEST_FILE.search(inside))


def in_package(path: str) -> bool:
    """Whether the path is library code that a package manager or a vendor brought."""
    return _LIBRARY.search(path.lower()) is not None


def is_example(path: str) -> bool:
    """Whether the file's own name says that it is a template to be copied and filled in."""
    return _EXAMPLE_NAME.search(path.lower().rpartition("/")[2]) is not None


def is_snakeoil(path: str) -> bool:
    """The self-signed pair that Debian's ssl-cert makes when it is installed."""
    return path.rpartition("/")[2].startswith("ssl-cert-snakeoil")
