"""The tools that Claude can use here, and what stands between a call and its act: the confinement, and the user's leave.

Everything runs on the engine's loop, with files in threads and programs in processes. Nothing is drawn here.
"""
