"""The tools that Claude can use on this computer, and what limits a call: confinement to folders, and the user's
permission.

Everything runs on the engine's loop, with files in threads and programs in processes. Nothing is drawn here.
"""
