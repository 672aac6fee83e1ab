"""Programs whose arguments may run other programs or write files. No such list is complete.

Sources: their manual pages, and GTFOBins for the less known ones.
"""

from __future__ import annotations

from typing import NamedTuple

_VERSION = "0123456789."


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


RUNNERS = _words(
    """
    sudo sudoedit doas su su-exec runuser pkexec gosu sg newgrp login machinectl env exec eval command builtin coproc
    trap source time nice ionice chrt taskset numactl schedtool cpulimit prlimit setpriv setarch linux32 linux64 i386
    x86_64 capsh runcon aa-exec nohup timeout setsid stdbuf unbuffer flock xargs parallel watch watchexec entr inotifyd
    nodemon reflex when-changed at batch crontab run-parts start-stop-daemon daemon daemonize chpst softlimit envdir
    envuidgid setuidgid setlock tini dumb-init catatonit systemd-run systemd-cat systemd-inhibit systemd-nspawn
    dbus-run-session dbus-launch xvfb-run xauth startx ssh ssh-agent ssh-keygen ldd sshpass autossh mosh gpg-agent rsync
    scp sftp
    socat nc ncat telnet ftp ip sh bash rbash zsh rzsh dash ash ksh mksh pdksh rksh csh tcsh fish yash elvish nu xonsh rc
    busybox toybox git-shell script scriptreplay tmux screen dtach abduco zellij byobu rlwrap expect unshare nsenter
    chroot bwrap proot fakeroot fakechroot firejail flatpak snap distrobox toolbox apptainer singularity lxc lxc-attach
    lxc-execute incus wine vagrant nix nix-shell guix eatmydata faketime torsocks torify proxychains tsocks strace
    ltrace gdb lldb rr valgrind perf heaptrack hyperfine cgexec catchsegv direnv dotenv doppler aws-vault chamber
    envchain foreman honcho overmind pm2 ansible ansible-playbook compgen complete bind enable mapfile readarray fc find
    fd fdfind sed tar bsdtar cpio m4 dc logrotate vi vim nvim view vimdiff ex ed red nano emacs pico less more most man
    info mutt mail mailx sqlite psql mysql mariadb gnuplot octave rpm rpmbuild dpkg tex latex pdftex pdflatex xelatex
    lualatex
    """
)
"""Commands that run what their arguments or their input say: `find -exec`, `sed e`, `ip netns exec`."""
_RUNNERS_BEGIN = ("ld-", "ld.so", "qemu-", "s6-")
INTERPRETERS = _words(
    """
    python pypy ipython bpython node nodejs deno ruby irb perl php lua luajit java jshell groovy scala kotlin tclsh wish
    r rscript julia osascript pwsh awk gawk mawk nawk npx pipx uvx bunx tsx ts-node guile racket scheme sbcl clisp ocaml
    runghc ghci elixir iex erl escript swift dart
    """
)
WITH_SUBCOMMANDS = _words(
    """
    git hg svn jj gh glab npm pnpm yarn bun pip uv poetry pdm hatch pipenv conda cargo go dotnet mix gem bundle composer
    docker podman nerdctl kubectl helm terraform tofu brew apt dnf systemctl
    """
)
RUNNING = _words("run exec x dlx shell ssh foreach filter-branch difftool mergetool")
"""Subcommands whose arguments are commands."""
_NESTING = _words("submodule bisect hook compose container extension tool global")
"""Subcommands that have subcommands of that kind: `git submodule foreach`, `docker compose exec`."""

_BUILDS = _words(
    """
    make gmake cmake ninja meson bazel just rake gradle gradlew mvn ant tox nox pytest invoke fab npm pnpm yarn bun pip
    uv poetry pdm hatch pipenv conda cargo go dotnet mix gem bundle composer docker podman helm terraform tofu
    pre-commit jest vitest eslint
    """
)
_WRITERS = _words(
    """
    tee dd cp mv ln install touch truncate shred rm rmdir mkdir chmod chown patch sponge uniq xxd csplit zip unzip gzip
    gunzip bzip2 xz zstd 7z ffmpeg convert magick openssl gpg
    """
)
_OPTIONS = {
    "ack": "--pager --output",
    "ag": "--pager",
    "apt": "-o --option -c --config-file",
    "apt-get": "-o --option -c --config-file",
    "aria2c": "--on-download-complete --on-download-start --on-download-stop --on-download-error --conf-path",
    "bat": "--pager",
    "batcat": "--pager",
    "cargo": "--config",
    "cc": "-wrapper -fplugin -B -o",
    "clang": "-fplugin -B -o",
    "curl": "-o --output -O --remote-name -D --dump-header -c --cookie-jar -K --config -T --upload-file -F --form --trace "
    "--stderr --etag-save --hsts --alt-svc --libcurl",
    "delta": "--pager",
    "diff3": "--diff-program",
    "fzf": "--preview --bind --listen",
    "g++": "-wrapper -fplugin -B -o",
    "gcc": "-wrapper -fplugin -B -o",
    "git": "--output --ext-diff --upload-pack -o --output-directory --textconv --receive-pack --exec -x --extcmd -O "
    "--open-files-in-pager --exec-path --config --template --unsafe-paths",
    "git clone": "-u",
    "git send-email": "--smtp-server --sendmail-cmd --to-cmd --cc-cmd --header-cmd",
    "go": "-exec -toolexec -o",
    "hg": "--config --output -o",
    "iconv": "-o --output",
    "make": "--eval -E",
    "npm": "--script-shell --prefix",
    "pandoc": "-o --output --filter -F --lua-filter -L --pdf-engine",
    "rclone": "--password-command --config",
    "restic": "--password-command",
    "rg": "--pre --hostname-bin",
    "sdiff": "--diff-program -o --output",
    "shuf": "-o --output",
    "sort": "--compress-program -o --output",
    "split": "--filter",
    "svn": "--config-option --diff-cmd --editor-cmd",
    "tcpdump": "-z -w",
    "tree": "-o",
    "wget": "--use-askpass -e --execute --config -O --output-document -o --output-file --post-file",
    "xmllint": "-o --output",
    "xsltproc": "-o --output",
    "yq": "-i --inplace",
    "yt-dlp": "--exec --downloader --external-downloader --config-locations -o --output",
    "zip": "-T --test --unzip-command",
}
"""Options with which a program (or a subcommand, if only that has them) runs another program, or writes or sends the file
that they name.
"""
_MAX_LISTED = 3


class Word(NamedTuple):
    """A word of a command, as the program receives it."""

    text: str
    is_pattern: bool
    """True if the shell replaces it with file names."""


def program_of(word: str) -> str:
    """Return the name of a program without folder and version: python for /usr/bin/python3.12."""
    return word.rpartition("/")[2].rstrip(_VERSION).lower()


def is_runner(word: str) -> bool:
    """True if a program runs what its arguments say."""
    program = program_of(word)
    return (
        not program or program in RUNNERS or program.startswith(_RUNNERS_BEGIN)
    )  # the first one is ".", which reads a script


def words_of(command: str) -> list[Word] | None:
    """Return the words of a command that is not compound (`rules.is_compound`); None if a quote is not closed."""
    words: list[Word] = []
    text, quote, is_pattern, is_open = "", "", False, False
    signs = iter(command)
    for sign in signs:
        if sign == "#" and not quote and not is_open:
            break  # a comment
        if sign == quote or (not quote and sign in "'\""):
            quote, is_open = "" if quote else sign, True
        elif sign == "\\" and quote != "'":
            after = next(signs, "")
            text, is_open = text + ("\\" if not after or (quote and after not in '"\\') else "") + after, True
        elif sign == " " and not quote:
            words += [Word(text, is_pattern)] if is_open else []
            text, is_pattern, is_open = "", False, False
        else:
            text, is_open = text + sign, True
            is_pattern |= not quote and sign in "*?["
    return None if quote else [*words, *([Word(text, is_pattern)] if is_open else [])]


def runs_another(words: list[Word]) -> bool:
    """True if these arguments of a program with subcommands may make the following ones a command."""
    first, rest = words[0], words[1:]
    if first.text in _NESTING:
        return any(word.text in RUNNING or word.is_pattern for word in rest)
    return first.text in RUNNING


def does_more(program: str, subcommand: str, words: list[Word]) -> bool:
    """True if one of these arguments is an option that runs another program or writes the file that it names."""
    options = f"{_OPTIONS.get(program, '')} {_OPTIONS.get(f'{program} {subcommand}', '')}".split()
    return bool(options) and any(_may_be(word, options) for word in words)


def _may_be(word: Word, options: list[str]) -> bool:
    if word.is_pattern and word.text[:1] in "-*?[":  # a file may be named like an option
        return True
    name = word.text.partition("=")[0]
    if name.startswith("--"):  # GNU programs and git accept abbreviated option names
        return len(name) > 2 and any(option.startswith(name) for option in options)
    if not name.startswith("-"):
        return False
    letters = {option[1] for option in options if len(option) == 2}
    return not letters.isdisjoint(word.text[1:]) or any(
        name.startswith(option) for option in options if option[1] != "-"
    )


def remark_on(beginning: list[str]) -> str:
    """Return what a command with this beginning may do, beyond what most users expect; "" if nothing is known."""
    program = program_of(beginning[0])
    is_module = "-m" in beginning
    if (not beginning[0].startswith("/") and "/" in beginning[0]) or (program in INTERPRETERS and not is_module):
        return f"{' '.join(beginning)} runs that file, whatever it contains at that time"
    if beginning[:2] == ["git", "config"]:
        return "git config sets aliases and hooks, which are commands that git runs later"
    if program in _BUILDS or is_module:
        return f"{program} runs what files in the folder say, which Claude may have written"
    if program in _WRITERS:
        return f"{program} writes wherever you may, not only in this folder"
    if options := _OPTIONS.get(program, "").split():
        listed = ", ".join(options[:_MAX_LISTED])
        hooks = "git runs its hooks and aliases; " if beginning == ["git"] else ""
        what = f"with options {program} writes files or runs programs"
        return f"{hooks}{what}; {listed} and similar ones still need permission"
    return ""
