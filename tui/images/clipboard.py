"""Read an image or copied files from the system's clipboard.

Each system has its own programs for this. This module knows which, and says which one is missing. They run in a thread,
with a time limit.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tui.images.errors import EmptyClipboard, NoClipboard
from tui.images.kinds import kind_of
from tui.images.sources import paths_in
from tui.inputs.bounded_program import run_program

Clip = bytes | tuple[Path, ...]
Run = Callable[[list[str]], bytes]
"""Run one program with these arguments and return its output; b"" if it fails."""

TIMEOUT_S = 8
"""PowerShell needs two or three seconds to start."""
_TYPES = ("image/png", "image/webp", "image/jpeg", "image/gif", "image/avif", "image/heic", "image/tiff", "image/bmp")
"""Image types, best first: programs also offer conversions."""
_FILES = ("text/uri-list", "x-special/gnome-copied-files")
_PNG_ON_MAC = "the clipboard as «class PNGf»"
_FILE_ON_MAC = "POSIX path of (the clipboard as «class furl»)"
_POWERSHELL = """
[Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false
Add-Type -AssemblyName System.Windows.Forms, System.Drawing
$files = [System.Windows.Forms.Clipboard]::GetFileDropList()
if ($files.Count) { 'files'; $files; exit }
$image = [System.Windows.Forms.Clipboard]::GetImage()
if ($image) {
  $out = New-Object System.IO.MemoryStream
  $image.Save($out, [System.Drawing.Imaging.ImageFormat]::Png)
  'image'; [Convert]::ToBase64String($out.ToArray())
}
"""


def read_clipboard(
    env: Mapping[str, str] = os.environ, platform: str = sys.platform, *, timeout_s: float = TIMEOUT_S
) -> Clip:
    """Return an image's bytes, or the copied files. Raises EmptyClipboard, or NoClipboard with what to install."""
    found = [
        (program, read)
        for tool, read in _tools(env, platform)
        if (program := shutil.which(tool, path=env.get("PATH"))) is not None
    ]
    if not found:
        raise NoClipboard("The clipboard cannot be read here", _advice(env, platform))
    for program, read in found:
        if clip := read(_runner(program, env, timeout_s)):
            return clip
    raise EmptyClipboard("The clipboard contains no image", "Copy one, or drop its file on the window.")


def _tools(env: Mapping[str, str], platform: str) -> list[tuple[str, Callable[[Run], Clip]]]:
    """Return the programs to try, in order, with how to read from each."""
    if platform == "darwin":
        # pngpaste would return the icons of copied files.
        return [("osascript", _from_osascript), ("pngpaste", _from_pngpaste)]
    if platform in ("win32", "cygwin"):
        return [("powershell.exe", _from_powershell), ("pwsh.exe", _from_powershell)]
    tools: list[tuple[str, Callable[[Run], Clip]]] = []
    if env.get("WAYLAND_DISPLAY"):
        tools.append(("wl-paste", _from_wl_paste))
    if env.get("DISPLAY"):
        tools.append(("xclip", _from_xclip))
    if env.get("WSL_DISTRO_NAME"):
        tools.insert(0, ("powershell.exe", _from_powershell))  # it sees what Windows programs copied
    return tools


def _advice(env: Mapping[str, str], platform: str) -> str:
    if platform == "darwin":
        return "Neither osascript nor pngpaste is on the PATH."
    if platform in ("win32", "cygwin") or env.get("WSL_DISTRO_NAME"):
        return "powershell.exe is not on the PATH."
    if env.get("WAYLAND_DISPLAY"):
        return "Install wl-clipboard, which brings wl-paste."
    if env.get("DISPLAY"):
        return "Install xclip."
    return "Attach the file by its path instead."  # there is no display, e.g. over SSH


def _runner(program: str, env: Mapping[str, str], timeout_s: float) -> Run:
    def run(arguments: list[str]) -> bytes:
        command = [program, *arguments]
        try:
            done = run_program(command, timeout_s=timeout_s, env=env)
        except (OSError, subprocess.TimeoutExpired):
            return b""
        return done.output if done.code == 0 else b""

    return run


def _from_wl_paste(run: Run) -> Clip:
    return _offered(run(["--list-types"]), lambda kind: run(["--no-newline", "--type", kind]))


def _from_xclip(run: Run) -> Clip:
    def of_type(kind: str) -> bytes:
        return run(["-selection", "clipboard", "-o", "-t", kind])

    return _offered(of_type("TARGETS"), of_type)


def _offered(listing: bytes, of_type: Callable[[str], bytes]) -> Clip:
    """Return the copied files, else the best image, of what the clipboard offers."""
    offered = set(listing.decode(errors="replace").split())
    for kind in _FILES:
        # File managers also offer the files' icons as images.
        if kind in offered and (paths := _listed(of_type(kind))):
            return paths
    return next((data for kind in _TYPES if kind in offered and _is_image(data := of_type(kind))), b"")


def _listed(listing: bytes) -> tuple[Path, ...]:
    lines = listing.decode(errors="surrogateescape").splitlines()
    return paths_in("\n".join(line for line in lines if line.startswith("file:")))


def _is_image(data: bytes) -> bool:
    kind = kind_of(data)
    return kind is not None and kind.use == "image"


def _from_pngpaste(run: Run) -> Clip:
    data = run(["-"])
    return data if _is_image(data) else b""


def _from_osascript(run: Run) -> Clip:
    if paths := paths_in(run(["-e", _FILE_ON_MAC]).decode(errors="surrogateescape")):
        return paths
    # AppleScript writes data as «data PNGf89504E47…».
    match = re.search(rb"data PNGf([0-9A-Fa-f]+)", run(["-e", _PNG_ON_MAC]))
    data = binascii.unhexlify(match[1]) if match and len(match[1]) % 2 == 0 else b""
    return data if _is_image(data) else b""


def _from_powershell(run: Run) -> Clip:
    # Encoded, since quotes are lost between Linux and Windows. The clipboard requires a thread with -STA.
    script = base64.b64encode(_POWERSHELL.encode("utf-16-le")).decode()
    what, _, rest = run(["-NoProfile", "-NonInteractive", "-STA", "-EncodedCommand", script]).partition(b"\n")
    if what.strip() == b"files":
        return paths_in(rest.decode(errors="surrogateescape"))
    if what.strip() != b"image":
        return b""
    try:
        data = base64.b64decode(rest.strip(), validate=True)
    except binascii.Error:
        return b""
    return data if _is_image(data) else b""
