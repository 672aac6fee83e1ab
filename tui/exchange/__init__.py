"""Chats as files for other programs, and back: Markdown and HTML to read, lossless JSON, and the exports of Claude.ai.

The functions convert values to text and bytes to values, without I/O. Storage and file names are up to the caller.
"""
