"""Rendering of text to terminal lines, without widgets."""
