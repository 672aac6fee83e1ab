"""Images and documents for a conversation: find, read and prepare them, and convert them to blocks."""
