"""What the commands and the screens share: connection, provider, tools, library, sign-in and titles."""
