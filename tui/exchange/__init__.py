"""Chats as files for others, and back: Markdown and HTML to read, JSON without loss, and what Claude.ai exports.

Pure functions from values to text and from bytes to values; what is stored, and where files lie, is others' business.
"""
