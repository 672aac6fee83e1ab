"""The provider: the Messages API on one side, chat values on the other."""
