"""Pure parsers: bytes in, facts out.

A parser raises `slimmer.errors.FormatError` for malformed input and nothing else. Facts are
frozen, hold tuples, and hold only text that UTF-8 can encode, so a layer cache can store them.
"""
