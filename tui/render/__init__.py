"""Text to lines, with no widget in sight."""
