"""The domain: what a conversation is, and the rules it obeys. Values only; no I/O."""
