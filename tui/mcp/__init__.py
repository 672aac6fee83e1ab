"""Servers of the Model Context Protocol: started when a chat first needs them, their tools offered like the built-in ones.

The official SDK implements the protocol. It is an extra (`prx-tui[mcp]`) and is imported only when a server starts.
"""
