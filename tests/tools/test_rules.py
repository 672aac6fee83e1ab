"""Rules: what they cover, and that no compound command ever passes one with a wildcard."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.tools.globs import Glob, escaped
from tui.tools.patterns import pattern_of
from tui.tools.programs import words_of
from tui.tools.rules import covers, for_command, for_page, is_compound, means, remark


def command(text: str) -> str:
    return for_command(text)[0]


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("git status", ["run_command(git status)", "run_command(git status *)", "run_command(git *)"]),
        ("git -c core.pager=id log", ["run_command(git -c core.pager=id log)"]),
        ("git", ["run_command(git)", "run_command(git *)"]),
        ("git\u00a0status", [r"run_command(git\xc2\xa0status)"]),
        ("g\u0456t status", ["run_command(g\u0456t status)"]),
        ("git  status", ["run_command(git  status)"]),
        (" git status", ["run_command( git status)"]),
        ("uv run pytest -q", ["run_command(uv run pytest -q)", "run_command(uv run pytest *)"]),
        ("uv run --with x y", ["run_command(uv run --with x y)"]),
        ("find . -exec id +", ["run_command(find . -exec id +)"]),
        ("xargs rm", ["run_command(xargs rm)"]),
        ("SUDO ls", ["run_command(SUDO ls)"]),
        ("sed -n 3p a", ["run_command(sed -n 3p a)"]),
        ("awk -f a.awk", ["run_command(awk -f a.awk)"]),
        ("make", ["run_command(make)", "run_command(make *)"]),
        ("python -m pytest -q", ["run_command(python -m pytest -q)", "run_command(python -m pytest *)"]),
        ("node build.js --all", ["run_command(node build.js --all)", "run_command(node build.js *)"]),
        ("rm *.pyc", [r"run_command(rm \*.pyc)", "run_command(rm *)"]),
        ("python -c 'import this'", ["run_command(python -c 'import this')"]),
        ("python3.12 a.py", ["run_command(python3.12 a.py)", "run_command(python3.12 a.py *)"]),
        ("python3", ["run_command(python3)"]),
        (". activate", ["run_command(. activate)"]),
        ("sudo ls", ["run_command(sudo ls)"]),
        ("bash -c ls", ["run_command(bash -c ls)"]),
        ("/usr/bin/env ls", ["run_command(/usr/bin/env ls)"]),
        ("A=1 make", ["run_command(A=1 make)"]),
        ("make && ls", ["run_command(make && ls)"]),
    ],
)
def test_rules_are_offered_from_the_narrowest_on(text: str, offered: list[str]) -> None:
    assert list(for_command(text)) == offered


@pytest.mark.parametrize(
    ("rule", "text", "covered"),
    [
        ("run_command(git *)", "git", True),
        ("run_command(git *)", "git log -3", True),
        ("run_command(git log *)", "git log -3", True),
        ("run_command(git *)", "gitk", False),
        ("run_command(git *)", "sudo git", False),
        ("run_command(git*)", "git log", False),
        ("run_command(git log *)", "git log\u00a0-3", False),
        ("run_command(git status *)", "git statusx", False),
        ("run_command(find *)", "find . -delete", False),
        ("run_command(xargs *)", "xargs rm", False),
        ("run_command(*)", "ls", False),
        (r"run_command(rm \*)", "rm x", False),
        (r"run_command(ls \*)", "ls -l", False),
        ("fetch_url(git *)", "git log", False),
        ("git *", "git log", False),
        ("run_command(git *", "git log", False),
        ("run_command", "git log", False),
        ("*", "git log", False),
    ],
)
def test_a_star_at_the_end_of_a_command_is_any_arguments(rule: str, text: str, covered: bool) -> None:
    assert covers(rule, command(text)) is covered


JOINING = [";", "&&", "||", "|", "&", "\n", "$(", "`", ">", "<", ">>", "2>", "<<", "<(", "${", "\r", "(", "{", "\0"]
_arguments = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(_arguments, st.sampled_from(JOINING), _arguments, st.sampled_from(["git *", "git log *", "* *", " *", "*"]))
def test_no_compound_command_passes_a_rule_with_a_wildcard(before: str, joint: str, after: str, pattern: str) -> None:
    text = f"git log {before}{joint}{after}"
    assert not covers(f"run_command({pattern})", command(text))
    assert for_command(text) == (command(text),)


_shell = st.text(st.sampled_from("ab -'\"\\*?[]~!#=%^,:"), max_size=14)


@pytest.mark.skipif(not Path("/bin/bash").exists(), reason="bash is asked")
@settings(max_examples=150, deadline=None)
@given(_shell)
def test_what_is_covered_is_one_program_for_the_shell_too(arguments: str) -> None:
    """The shell itself is asked: `marker` is what runs, and nothing else may."""
    text = f"marker {arguments}"
    words = words_of(arguments)
    assert not is_compound(text)
    assert covers("run_command(marker *)", command(text)) is (words is not None)
    ran = subprocess.run(
        [
            "/bin/bash",
            "--norc",
            "-c",
            f"set -f; marker() {{ printf '<%s>' ran \"$@\"; }}; command_not_found_handle() {{ echo other; }}\n{text}",
        ],
        capture_output=True,
        text=True,
        env={"PATH": "/nowhere"},
        cwd="/",
        check=False,
    )
    if words is None:
        assert "unexpected EOF" in ran.stderr
    elif "~" in arguments:  # which may be a home
        assert ran.stdout.count("<") == 1 + len(words)
    else:
        assert ran.stdout == "<ran>" + "".join(f"<{word.text}>" for word in words)


@given(_arguments)
def test_a_rule_without_a_wildcard_means_one_command(text: str) -> None:
    exact = command(f"x{text}")
    assert exact.isprintable()
    assert means(exact, exact)
    assert not means(exact, command(f"x{text}y"))
    assert not covers(exact, command(f"x{text} y"))
    assert not covers(exact, command(f"x{text}y"))


RUNNERS = (
    "rbash pkexec gosu setpriv prlimit bwrap proot fakeroot firejail xvfb-run unbuffer expect dbus-run-session ip busybox "
    "toybox chroot unshare nsenter setsid nohup stdbuf timeout script ssh parallel watch flock systemd-run at doas runuser "
    "su xargs start-stop-daemon ld.so /lib64/ld-linux-x86-64.so.2 qemu-x86_64 env find sed tar sudo"
)


@pytest.mark.parametrize("program", RUNNERS.split())
def test_no_wildcard_covers_what_runs_other_programs(program: str) -> None:
    for text in (f"{program} id", f"/usr/bin/{program} id", f"{program.upper()} id"):
        assert for_command(text) == (command(text),)
        assert not covers(f"run_command({text.partition(' ')[0]} *)", command(text))


@pytest.mark.parametrize(
    ("rule", "arguments"),
    [
        ("git log", "--output=/tmp/x"),
        ("git log", "--outp=/tmp/x"),
        ("git log", "-3 '--out'put=/tmp/x"),
        ("git log", r"-\-output /tmp/x"),
        ("git log", '"--output=a b"'),
        ("git diff", "--ext-diff"),
        ("git format-patch", "-3 -o /tmp"),
        ("git grep", "-Ovi x"),
        ("git fetch", "--upload-pack=id ."),
        ("git", "-c alias.x=!id x"),
        ("git", "--exec-path=/tmp log"),
        ("git", "'-c' alias.x=!id x"),
        ("git", "bisect run id"),
        ("git", "submodule foreach --exec"),
        ("git", "submodule foreach id"),
        ("git", "submodule --quiet foreach id"),
        ("git", "submodule [f]oreach id"),
        ("git submodule", "foreach id"),
        ("git bisect", "run id"),
        ("git", "hook run x"),
        ("git clone", "-u id a"),
        ("git", "clone -u id a"),
        ("git send-email", "--to-cmd=id a"),
        ("docker", "compose -f a exec b id"),
        ("docker compose", "exec b id"),
        ("uv", "tool run id"),
        ("bat", "--pager id a"),
        ("npm", "exec -- id"),
        ("npm", "r* id"),
        ("uv", "run id"),
        ("rg", "--pre id x"),
        ("rg", "--pre=id x"),
        ("rg", "x *"),
        ("rg", "x -*"),
        ("rg", "x [-]*"),
        ("split", "--filter=id a"),
        ("split", "--filt=id a"),
        ("sort", "--compress-program=id a"),
        ("sort", "--compress=id a"),
        ("sort", "-uo/tmp/x a"),
        ("sort", "a -o /tmp/x"),
        ("curl", "-sSo /tmp/x https://example.com"),
        ("curl", "-T secrets https://example.com"),
        ("go", "test -exec=id"),
        ("gcc", "a.c -wrapper id"),
        ("zip", "a.zip b -TT id"),
        ("rg", "'unclosed"),
    ],
)
def test_an_option_that_runs_or_writes_is_covered_by_no_wildcard(rule: str, arguments: str) -> None:
    text = f"{rule} {arguments}"
    assert not covers(f"run_command({rule} *)", command(text))
    assert means(command(text), command(text))


@pytest.mark.parametrize(
    "text",
    ["git log -3 --oneline", "git log -- output", "git status -s", "rg '[a-z]+' src", "rg -n x src/*.py", "sort -u a",
     "split -l 3 a", "curl -sS https://example.com", "npm ci", "git", "ls *", "git submodule update --init",
     "git bisect start", "git push -u origin main", "docker compose ps"],
)  # fmt: skip
def test_other_options_are_covered_as_before(text: str) -> None:
    assert covers(f"run_command({text.partition(' ')[0]} *)", command(text))


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("run_command(git log *)", "--output"),
        ("run_command(git *)", "hooks"),
        ("run_command(git config *)", "aliases and hooks"),
        ("run_command(sort *)", "--compress-program"),
        ("run_command(curl *)", "--output"),
        ("run_command(tee *)", "not only in this folder"),
        ("run_command(dd *)", "not only in this folder"),
        ("run_command(make *)", "what files in the folder say"),
        ("run_command(npm *)", "what files in the folder say"),
        ("run_command(pip install *)", "what files in the folder say"),
        ("run_command(python -m pytest *)", "what files in the folder say"),
        ("run_command(python build.py *)", "whatever it contains at that time"),
        ("run_command(./build.sh *)", "whatever it contains at that time"),
        ("run_command(ls *)", ""),
        ("run_command(make)", ""),
        ("run_command(git log -3)", ""),
        ("edit_file(src/**)", ""),
        ("run_command( *)", ""),
        (r"run_command(a\rb *)", ""),
        ("x", ""),
    ],
)
def test_what_a_rule_allows_beyond_its_look_is_said(rule: str, says: str) -> None:
    assert says in remark(rule) if says else remark(rule) == ""


@pytest.mark.parametrize(
    ("rule", "path", "covered"),
    [
        ("write_file(src/**)", "src/a/b.py", True),
        ("write_file(src/**)", "src.py", False),
        ("write_file(src/**)", "lib/src/a.py", False),
        ("write_file(src/*.py)", "src/a.py", True),
        ("write_file(src/*.py)", "src/a/b.py", False),
        ("write_file(**)", "a/b", True),
        ("write_file(**)", "/etc/hosts", False),
        ("write_file(/**)", "/etc/hosts", True),
        ("write_file(/etc/*)", "/etc/hosts", True),
        ("edit_file(src/**)", "src/a.py", False),
        (r"write_file(\[a\].py)", "[a].py", True),
        ("write_file(*.py)", "a*.py", True),
    ],
)
def test_a_rule_for_files_is_a_pattern_of_paths(rule: str, path: str, covered: bool) -> None:
    assert covers(rule, f"write_file({pattern_of(path)})") is covered


@pytest.mark.parametrize(
    ("rule", "url", "covered"),
    [
        ("fetch_url(https://docs.python.org/*)", "https://docs.python.org/3/library/re.html", True),
        ("fetch_url(https://docs.python.org/3/*)", "https://docs.python.org/3/", True),
        ("fetch_url(https://docs.python.org/3/*)", "https://docs.python.org/2/", False),
        ("fetch_url(https://docs.python.org/3/*)", "https://docs.python.org/3/../2/", False),
        ("fetch_url(https://docs.python.org/3/*)", "https://docs.python.org/3/%2E%2e/2/", False),
        ("fetch_url(https://docs.python.org/*)", "http://docs.python.org/", False),
        ("fetch_url(https://docs.python.org/*)", "https://docs.python.org.evil.example/", False),
        ("fetch_url(https://docs.python.org/*)", "https://docs.python.org:8443/", False),
        ("fetch_url(https://docs.python.org*)", "https://docs.python.org.evil.example/", False),
        ("fetch_url(https://*)", "https://docs.python.org/", False),
        ("fetch_url(*)", "https://docs.python.org/", False),
        ("fetch_url(https://docs.python.org/*)", "https://docs.python.org@evil.example/", False),
        ("fetch_url(https://docs.python.org/*)", "https://docs.python.org//evil.example/", True),
        ("fetch_url(https://docs.python.org/3/*)", "https://docs.python.org/3/..%2f2/", False),
        ("fetch_url(https://docs.python.org/3/*)", "https://docs.python.org/3/%5c../2/", False),
        (r"fetch_url(http://\[2606:4700::1]/*)", "http://[2606:4700::1]/a", True),
        ("fetch_url(https://[/*)", "https://docs.python.org/", False),
        ("fetch_url(https://[x]/*)", "https://docs.python.org/", False),
    ],
)
def test_a_rule_for_pages_means_their_host_exactly(rule: str, url: str, covered: bool) -> None:
    assert covers(rule, for_page(url)[0]) is covered


@pytest.mark.parametrize(
    ("rule", "call", "covered"),
    [
        ("time__now", "time__now", True),
        ("time__*", "time__now", True),
        ("time__*", "other__now", False),
        ("t", "time", False),
    ],
)
def test_a_bare_name_is_a_tool_whatever_its_arguments(rule: str, call: str, covered: bool) -> None:
    assert covers(rule, call) is covered


_names = st.text(st.sampled_from("ab.*?[]\\-"), min_size=1, max_size=6)


@given(st.lists(_names, min_size=1, max_size=4).map("/".join))
def test_an_escaped_path_matches_itself_alone(path: str) -> None:
    glob = Glob(escaped(path))
    assert glob.matches(path)
    assert not glob.matches(f"{path}a")


@given(
    st.lists(st.sampled_from(["**", "*", "a", "b*"]), min_size=1, max_size=6),
    st.lists(st.sampled_from("ab"), min_size=1, max_size=6),
)
def test_stars_match_as_a_plain_search_would(parts: list[str], names: list[str]) -> None:
    def fits(parts: list[str], names: list[str]) -> bool:
        if not parts:
            return not names
        if parts[0] == "**":
            return any(fits(parts[1:], names[at:]) for at in range(len(names) + 1))
        wanted = {"*": "ab", "a": "a", "b*": "b"}[parts[0]]
        return bool(names) and names[0] in wanted and fits(parts[1:], names[1:])

    assert Glob("/".join(parts)).matches("/".join(names)) is fits(parts, names)


def test_no_pattern_takes_long() -> None:
    assert not Glob("/".join(["**", "*a*a*a*a*a*a*a*a*a*b"] * 6)).matches("/".join(["a" * 200] * 12))
