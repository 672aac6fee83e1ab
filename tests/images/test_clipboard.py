"""The clipboard of each system, with real programs on the PATH that answer as the systems' own do."""

from __future__ import annotations

import base64
import sys

import pytest
from drawing import corners, file

from tui.images.clipboard import read_clipboard
from tui.images.errors import EmptyClipboard, NoClipboard

PNG, JPEG, BMP = file(corners(), "PNG"), file(corners(), "JPEG"), file(corners(), "BMP")
WAYLAND, X11, WSL = {"WAYLAND_DISPLAY": "wayland-0"}, {"DISPLAY": ":0"}, {"WSL_DISTRO_NAME": "Debian"}

WL_PASTE = """
offers = {offers}
if arguments == ["--list-types"]:
    out.write("\\n".join(offers).encode())
elif arguments[:2] == ["--no-newline", "--type"]:
    out.write(offers[arguments[2]])
"""
XCLIP = """
offers = {offers}
assert arguments[:4] == ["-selection", "clipboard", "-o", "-t"]
out.write("\\n".join(["TARGETS", *offers]).encode() if arguments[4] == "TARGETS" else offers[arguments[4]])
"""


@pytest.fixture
def install(tmp_path):
    """Puts a program into a folder of its own, and gives the PATH to it."""

    def made(name, script):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        start = f"#!{sys.executable}\nimport sys\narguments, out = sys.argv[1:], sys.stdout.buffer\n"
        (folder / name).write_text(start + script)
        (folder / name).chmod(0o755)
        return {"PATH": str(folder)}

    return made


@pytest.mark.parametrize(
    ("tool", "script", "env"), [("wl-paste", WL_PASTE, WAYLAND), ("xclip", XCLIP, X11)], ids=["Wayland", "X11"]
)
class TestOnLinux:
    def read(self, install, tool, script, env, offers):
        return read_clipboard({**env, **install(tool, script.format(offers=repr(offers)))}, "linux")

    def test_the_best_picture_is_taken(self, install, tool, script, env):
        offers = {"text/html": b"<img>", "image/bmp": BMP, "image/jpeg": JPEG, "image/png": PNG}
        assert self.read(install, tool, script, env, offers) == PNG

    def test_a_type_that_is_announced_but_empty_is_passed_over(self, install, tool, script, env):
        assert self.read(install, tool, script, env, {"image/png": b"", "image/jpeg": JPEG}) == JPEG

    def test_copied_files_are_paths(self, install, tool, script, env, tmp_path):
        names = [tmp_path / "a b.png", tmp_path / "c.png"]
        for name in names:
            name.write_bytes(PNG)
        urls = "\r\n".join(["# copied", *(name.as_uri() for name in names)]).encode()
        offers = {"text/uri-list": urls, "image/png": PNG}
        assert self.read(install, tool, script, env, offers) == tuple(names)
        gnome = {"x-special/gnome-copied-files": b"copy\n" + names[0].as_uri().encode()}
        assert self.read(install, tool, script, env, gnome) == (names[0],)

    def test_a_picture_dragged_out_of_a_browser_is_no_file(self, install, tool, script, env):
        offers = {"text/uri-list": b"https://example.com/a.png", "image/png": PNG}
        assert self.read(install, tool, script, env, offers) == PNG

    @pytest.mark.parametrize("offers", [{}, {"text/plain": b"words"}, {"image/png": b"no picture"}])
    def test_nothing_to_attach(self, install, tool, script, env, offers):
        with pytest.raises(EmptyClipboard, match="clipboard contains no image"):
            self.read(install, tool, script, env, offers)

    def test_a_program_that_fails(self, install, tool, script, env):
        with pytest.raises(EmptyClipboard):
            read_clipboard({**env, **install(tool, "sys.exit('Nothing is copied')")}, "linux")


def test_a_program_that_never_answers(install):
    with pytest.raises(EmptyClipboard):
        read_clipboard({**X11, **install("xclip", "import time\ntime.sleep(60)")}, "linux", timeout_s=0.2)


def test_wayland_is_asked_before_x11(install):
    install("xclip", XCLIP.format(offers={"image/jpeg": JPEG}))
    path = install("wl-paste", WL_PASTE.format(offers={"image/png": PNG}))
    assert read_clipboard({**WAYLAND, **X11, **path}, "linux") == PNG
    install("wl-paste", WL_PASTE.format(offers={}))
    assert read_clipboard({**WAYLAND, **X11, **path}, "linux") == JPEG


def test_on_a_mac_by_pngpaste(install):
    path = install("pngpaste", f"assert arguments == ['-']\nout.write({PNG!r})")
    assert read_clipboard(path, "darwin") == PNG


def test_on_a_mac_by_what_every_mac_has(install, tmp_path):
    install("pngpaste", f"out.write({JPEG!r})")  # the icon of a file, say
    script = f"""
if arguments == ["-e", "the clipboard as «class PNGf»"]:
    out.write("«data PNGf{PNG.hex().upper()}»\\n".encode())
else:
    sys.exit("execution error: Can’t make some data into the expected type. (-1700)")
"""
    path = install("osascript", script)
    assert read_clipboard(path, "darwin") == PNG
    (tmp_path / "a b.png").write_bytes(PNG)
    install("osascript", f"out.write({str(tmp_path / 'a b.png')!r}.encode() + b'\\n')")
    assert read_clipboard(path, "darwin") == (tmp_path / "a b.png",)
    install("osascript", "sys.exit(1)")
    assert read_clipboard(path, "darwin") == JPEG
    install("pngpaste", "sys.exit(1)")
    with pytest.raises(EmptyClipboard):
        read_clipboard(path, "darwin")


POWERSHELL = """
import base64
assert arguments[:3] == ["-NoProfile", "-NonInteractive", "-STA"] and arguments[3] == "-EncodedCommand"
assert "[System.Windows.Forms.Clipboard]::GetImage()" in base64.b64decode(arguments[4]).decode("utf-16-le")
out.write({answer!r})
"""


@pytest.mark.parametrize(("env", "platform"), [(WSL, "linux"), ({}, "win32")])
def test_on_windows_and_below_it(install, env, platform, tmp_path):
    def read(answer):
        return read_clipboard({**env, **install("powershell.exe", POWERSHELL.format(answer=answer))}, platform)

    assert read(b"image\r\n" + base64.b64encode(PNG) + b"\r\n") == PNG
    files = [tmp_path / "a b.png", tmp_path / "ñ.png"]
    for name in files:
        name.write_bytes(PNG)
    assert read(b"files\r\n" + "\r\n".join(map(str, files)).encode() + b"\r\n") == tuple(files)
    for nothing in (b"", b"image\r\n*", b"image\r\n" + base64.b64encode(b"x"), b"files\r\nC:\\gone.png\r\n"):
        with pytest.raises(EmptyClipboard):
            read(nothing)


@pytest.mark.parametrize(
    ("env", "platform", "hint"),
    [
        (WAYLAND, "linux", "wl-clipboard"),
        (X11, "linux", "Install xclip"),
        (WSL, "linux", "powershell.exe"),
        ({}, "linux", "by its path"),
        ({}, "darwin", "pngpaste"),
        ({}, "win32", "powershell.exe"),
    ],
)
def test_where_no_program_is_the_message_says_which(env, platform, hint, tmp_path):
    with pytest.raises(NoClipboard, match=r"^The clipboard cannot be read here$") as caught:
        read_clipboard({**env, "PATH": str(tmp_path)}, platform)
    assert hint in caught.value.hint
