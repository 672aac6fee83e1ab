"""Servers of the Model Context Protocol: started when a chat first needs them, their tools offered like our own.

The official SDK speaks the protocol; it is an extra (`prx-tui[mcp]`), and is imported by `link` alone, when a server starts.
"""
