"""Shared by the tests, the sample images and the real images: what several of them must make."""
