"""Bounded readers for input from outside: files, pipes, programs, JSON, compressed bodies, typed paths, proxies."""


class UnfitFile(OSError):
    """A file that is not a regular file, or is larger than its limit. `strerror` is a clause such as "it is a folder"."""
