"""Bounded readers for input from outside: files, pipes, programs, JSON, compressed bodies, typed paths, proxies."""
