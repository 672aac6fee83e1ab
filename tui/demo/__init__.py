"""A pretend Anthropic, for `prx demo` and for the tests."""
