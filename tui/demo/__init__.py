"""A simulator of the Anthropic API, for `prx demo` and for the tests."""
