"""Pictures and documents on their way into a conversation: found, read, fitted to what Claude sees, made into blocks."""
