"""Settings: precedence, expansion, places of mistakes, and every kind of bad file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from tui.actions import ACTIONS, BY_NAME
from tui.anthropic.models import find
from tui.chat.budget import Budget
from tui.config import (
    DEFAULT_API_URL,
    Anthropic,
    Defaults,
    Limits,
    McpServer,
    ModelFacts,
    Preset,
    Settings,
    Tools,
    Ui,
    WebSearch,
    load,
    reading,
    toml,
)
from tui.config.expansion import expand
from tui.services.connection import budget_of
from tui.services.model_list import known_models

Load = Callable[..., Settings]


@pytest.fixture
def written(tmp_path: Path) -> Load:
    """Loads settings from a text, in an environment of its own."""

    def load_text(text: str | bytes, **env: str) -> Settings:
        folder = tmp_path / "home" / "config"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return load({"PRX_HOME": str(tmp_path / "home"), **env})

    return load_text


def problems(settings: Settings) -> list[str]:
    return [str(finding) for finding in settings.findings]


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    settings = load({"PRX_HOME": str(tmp_path)})
    assert (settings.default, settings.anthropic, settings.ui) == (Defaults(), Anthropic(), Ui())
    assert settings.findings == ()
    assert settings.model == "sonnet"
    assert settings.origin("default.model") == "default"


def test_the_seed_configuration_is_read_as_it_stands(written: Load) -> None:
    settings = written(
        '[default]\nprovider = "anthropic"\nmodel = "claude-sonnet-4-20250514"\n\n'
        '[providers.anthropic]\napi_key = "${ANTHROPIC_API_KEY}"\n',
        ANTHROPIC_API_KEY="sk-ant-api03-x",
    )
    assert settings.findings == ()
    assert settings.anthropic.api_key == "sk-ant-api03-x"
    assert settings.model == "claude-sonnet-4-20250514"
    assert settings.origin("providers.anthropic.api_key") == "config.toml:6, ANTHROPIC_API_KEY"


def test_the_providers_model_wins_over_the_default_one(written: Load) -> None:
    settings = written('[default]\nmodel = "opus"\n[providers.anthropic]\nmodel = "claude-sonnet-4-6"\n')
    assert settings.model == "claude-sonnet-4-6"


@pytest.mark.parametrize("alias", ["anthropic", "claude-code", "claude-cli"])
def test_each_alias_names_the_one_provider(written: Load, alias: str) -> None:
    settings = written(f'[default]\nprovider = "{alias}"\n[providers.{alias}]\nmodel = "haiku"\n')
    assert settings.findings == ()
    assert (settings.default.provider, settings.model) == ("anthropic", "haiku")


def test_the_environments_url_stands_in_for_a_missing_one(written: Load) -> None:
    base = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    settings = written("", **base)
    assert settings.anthropic.api_url == "http://127.0.0.1:9"
    assert settings.origin("providers.anthropic.api_url") == "ANTHROPIC_BASE_URL"
    settings = written('[providers.anthropic]\napi_url = "https://proxy.example"', **base)
    assert settings.anthropic.api_url == "https://proxy.example"
    settings = written('[providers.anthropic]\napi_url = "${NOBODY_SET_THIS}"', **base)
    assert settings.anthropic.api_url == "http://127.0.0.1:9"
    assert written("", ANTHROPIC_BASE_URL="").anthropic.api_url == DEFAULT_API_URL


def test_an_unset_variable_is_not_set_and_never_a_literal(written: Load) -> None:
    settings = written('[default]\nmodel = "${NOPE}"\n[providers.anthropic]\noauth_hosts = ["a.example", "${NOPE}"]\n')
    assert settings.model == "sonnet"
    assert settings.anthropic.oauth_hosts == ("a.example",)
    assert settings.findings == ()
    assert settings.origin("default.model") == "default (config.toml:2, NOPE: not set)"


def test_all_variables_that_the_file_names_are_known(written: Load) -> None:
    settings = written(
        '[providers.anthropic]\napi_key = "${A}"\noauth_hosts = ["${B:-${C}}"]\n'
        '[mcp.one]\nargs = [["${D}"]]\nenv = { TOKEN = "${E}" }\n[unknown]\nx = "$${F}"\n',
        A="PLANTED",
    )
    assert settings.variables == {"A", "B", "C", "D", "E"}
    assert "PLANTED" not in repr(settings)


def test_everything_can_be_said_about_a_model(written: Load) -> None:
    settings = written(
        '[models."claude-sonnet-5-5"]\nname = "S"\ncontext = 5\nmax_output = 6\nvision = false\ntools = true\n'
        'thinking = ["adaptive"]\nefforts = ["low", "max"]\nmin_cache = 7\nprice_input = 1\nprice_output = 2.5\n'
        "price_read = 0.1\nprice_write = 1.25\n"
    )
    assert settings.findings == ()
    assert settings.models["claude-sonnet-5-5"] == ModelFacts(
        name="S", context=5, max_output=6, vision=False, tools=True, thinking=("adaptive",), efforts=("low", "max"),
        min_cache=7, price_input=1.0, price_output=2.5, price_read=0.1, price_write=1.25,
    )  # fmt: skip


def test_a_preset_says_how_a_chat_begins(written: Load) -> None:
    settings = written('[presets.review]\nsystem = "Be strict."\neffort = "high"\n[presets.plain]\n')
    assert settings.findings == ()
    assert settings.presets == {"review": Preset(system="Be strict.", effort="high"), "plain": Preset()}


def test_a_budget_is_in_dollars_and_nothing_is_no_limit(written: Load) -> None:
    settings = written("[budget]\nchat_soft = 0.5\nchat_hard = 2\nday_hard = 0\n")
    assert settings.findings == ()
    assert settings.budget == Limits(chat_soft=0.5, chat_hard=2.0)
    assert budget_of(settings) == Budget(chat_soft=0.5, chat_hard=2.0)


def test_keys_are_a_text_with_commas_or_a_list(written: Load) -> None:
    settings = written('[keys]\nquit = "ctrl+x, f10"\nhelp = ["f9"]\nstop = ""\n')
    assert settings.keys == {"quit": ("ctrl+x", "f10"), "help": ("f9",), "stop": ()}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Ctrl+K", "ctrl+k"),
        ("F2", "f2"),
        ("PgUp", "pageup"),
        ("esc", "escape"),
        ("y", "y"),
        ("Y", "Y"),
        ("[", "left_square_bracket"),
        ("left_square_bracket", "left_square_bracket"),
        ("/", "slash"),
        ("+", "plus"),
        ("ctrl++", "ctrl+plus"),
        ("alt+shift+up", "alt+shift+up"),
    ],
)
def test_a_key_may_be_written_as_it_is_shown(written: Load, text: str, key: str) -> None:
    settings = written(f'[keys]\nquit = "{text}"\n')
    assert (settings.keys, settings.findings) == ({"quit": (key,)}, ())


@pytest.mark.parametrize("text", ["entr", "ctlr+k", "ctrl+", "ctrl", "f36", "+a", "ctrl+x, entr"])
def test_a_key_that_does_not_exist_leaves_the_default(written: Load, text: str) -> None:
    settings = written(f'[keys]\nsend = "{text}"\n')
    assert settings.keys == {}
    assert problems(settings) == ['config.toml:2:8: send must be key names, e.g. "ctrl+k" or "f2,enter" ("" for none)']


def test_actions_that_do_not_exist_are_named(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[keys]\nqiut = "ctrl+x"\n')
    found = load({}, file=file, actions=("quit", "help")).findings
    assert [finding.problem for finding in found] == ['unknown key "qiut"; did you mean "quit"?']
    found = load({}, file=file, actions=[f"action{number}" for number in range(50)]).findings
    assert str(found[0]).endswith("action6, action7 and 42 more, all in config.example.toml")


MISTAKES = [
    ('[budget]\nday_soft = "5"\n[ui]\ntheme = "light"', "2:12: day_soft must be a number, 0 or above"),
    ('[budget]\nday = 5\n[ui]\ntheme = "light"', '2:1: unknown key "day"; '),
    ('[default]\nmodel = 3\n[ui]\ntheme = "light"', "2:9: model must be a string"),
    ('[presets.a]\neffort = "huge"\n[ui]\ntheme = "light"', '2:10: effort must be "low", "medium", "high", "xhigh" or'),
    ('[ui]\ntheme = "light"\nreduced_motion = "yes"', "3:18: reduced_motion must be true or false"),
    ('[default]\ntools = "all"\n[ui]\ntheme = "light"', '2:9: tools must be "none", "read" or "ask"'),
    ('[default]\nmodle = "opus"\n[ui]\ntheme = "light"', '2:1: unknown key "modle"; did you mean "model"?'),
    ('[ui]\ntheme = "light"\n[provider.anthropic]\nx = 1', '3:1: unknown table "provider"; did you mean "providers"?'),
    ('[provider.anthropic]\n[ui]\ntheme = "light"', '1:1: unknown table "provider"; did you mean "providers"?'),
    ('model = "opus"\n[ui]\ntheme = "light"', "1:1: model belongs in the table [default] or"),
    ('default = "opus"\n[ui]\ntheme = "light"', "1:11: default is a table: write [default], with its keys below"),
    ('[ui]\ntheme = "light"\n[providers.openai]\nx = 1', '3:1: unknown provider "openai"; known: anthropic'),
    ('[ui]\n  theme = "light"\n[providers]\n anthropic.api_url = "localhost"', "4:22: api_url must be a URL that"),
    ('[ui]\ntheme = "light"\n[providers.anthropic]\napi_url = "https://[::1"', "4:11: api_url must be a URL that"),
    ('[ui]\ntheme = "light"\n[providers.anthropic]\noauth_hosts = [\n1,\n]', "4:15: oauth_hosts must be a list of"),
    ('ui.theme = "light"\nmodels.x.context = true', "2:20: context must be a whole number above 0"),
    ('[ui]\ntheme = "light"\n[models.x]\nefforts = ["loud"]', '4:11: efforts must be a list of "low", "medium",'),
    ('[ui]\ntheme = "light"\n[models.x]\nprice_input = -1', "4:15: price_input must be a number, 0 or above"),
    ('[ui]\ntheme = "light"\n[models.x]\nprice_input = 1', "4:15: price_input has no effect without price_output"),
    ('[ui]\ntheme = "light"\n[tools]\nallow = ["git *)"]', '4:9: allow must be a list of rules, e.g. ["run_command'),
    ('[ui]\ntheme = "light"\n[default]\nmodel = ', "4:9: this is not TOML: invalid value"),
    ('[default\nmodel = "opus"\n[ui]\ntheme = "light"', "1:9: this is not TOML: expected ']'"),
    ('[default]\nmodel = "opus\n[ui]\ntheme = "light"', "2:14: this is not TOML: illegal character '\\n'"),
    ('[ui]\ntheme = "light"\n[default]\nsystem = """\nno end', "4:10: this is not TOML: unterminated string"),
    ('oauth_hosts = [\n "a",\n[ui]\ntheme = "light"', "3:2: this is not TOML: invalid value"),
    ('[ui]\ntheme = "light"\ntheme = "dark"', "3:15: this is not TOML: cannot overwrite a value"),
]


@pytest.mark.parametrize(("text", "expected"), MISTAKES, ids=[place.split(":", 2)[2] for _, place in MISTAKES])
def test_a_mistake_is_shown_with_its_place_and_costs_only_itself(written: Load, text: str, expected: str) -> None:
    settings = written(text)
    assert problems(settings)[0].startswith(f"config.toml:{expected}")
    assert len(problems(settings)) == 1
    assert settings.ui.theme == "light"
    assert settings.model == "sonnet"


def test_windows_line_ends_and_a_byte_order_mark_are_nothing_special(written: Load) -> None:
    settings = written(b'\xef\xbb\xbf[ui]\r\ntheme = "light"\r\nnope = 1\r\n')
    assert settings.ui.theme == "light"
    assert problems(settings) == ['config.toml:3:1: unknown key "nope"; known: theme, reduced_motion, pictures, titles']


def test_a_line_that_is_not_utf_8_is_named_and_left_out(written: Load) -> None:
    settings = written(b'[ui]\ntheme = "light"\n[default]\nsystem = "caf\xe9"\n')
    assert problems(settings) == ["config.toml:4:14: this line is not UTF-8: save the file as UTF-8"]
    assert settings.ui.theme == "light"


def test_no_message_repeats_a_key(written: Load) -> None:
    for text in (
        'api_key = ["sk-ant-api03-secret"]',
        "api_key = sk-ant-api03-secret",
        'api_kye = "sk-ant-api03-secret"',
    ):
        settings = written(f"[providers.anthropic]\n{text}\n")
        assert problems(settings)
        assert "secret" not in repr(settings) + str(problems(settings))
    assert "secret" not in repr(written('[providers.anthropic]\napi_key = "sk-ant-api03-secret"'))


def test_a_file_asked_for_by_name_has_to_be_there(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.toml"
    assert problems(load({}, file=missing)) == [f"{missing}: there is no such file"]
    assert problems(load({"PRX_CONFIG": str(missing)})) == [f"{missing}: there is no such file"]


def test_the_option_wins_over_the_variable(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[ui]\ntheme = "light"')
    (tmp_path / "b.toml").write_text('[ui]\ntheme = "dark"')
    named = {"PRX_CONFIG": str(tmp_path / "a.toml")}
    assert load(named).ui.theme == "light"
    assert load(named, file=tmp_path / "b.toml").ui.theme == "dark"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert problems(load({}, file=tmp_path)) == [f"{tmp_path}: it cannot be read: it is a folder, not a file"]


def test_an_empty_file_is_fine(written: Load) -> None:
    assert written("").findings == ()


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root reads everything; for a while, be somebody else."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


def test_a_file_nobody_may_read(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.touch(mode=0o000)
    with without_privileges():
        assert problems(load({}, file=file)) == [f"{file}: it cannot be read: Permission denied"]


def test_a_file_in_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    (problem,) = problems(load({}, file=tmp_path / "plain" / "config.toml"))
    assert "it cannot be read: Not a directory" in problem


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    (problem,) = problems(load({}, file=Path("a\0b")))
    assert "it cannot be read" in problem


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    assert problems(load({}, file=Path("/dev/zero"))) == ["/dev/zero: it cannot be read: it is a device, not a file"]


@pytest.mark.parametrize("text", ["a = " + "[" * 9000, "a = " + "9" * 9000, "\x00" * 50, "=\n" * 3000])
def test_text_that_is_not_toml_at_all(written: Load, text: str) -> None:
    settings = written(text)
    assert 1 <= len(settings.findings) <= 20
    assert settings.default == Defaults()


@given(st.binary(max_size=200))
def test_no_bytes_raise(raw: bytes) -> None:
    toml.places(toml.parse(raw).text)


_pieces = st.sampled_from(
    [
        *(
            "[default]",
            "[providers.anthropic]",
            "[[ui]]",
            "[",
            "]",
            "model",
            "api_key",
            "=",
            '"',
            '"""',
            "'''",
            "'x'",
            "\\",
        ),
        *("\n", "\r", "#", ",", ".", "{", "}", "1979-05-27", "0x", "inf", "true", '"${A:-b}"', " ", "é", "\x00"),
    ]
)


@given(st.lists(_pieces, max_size=40).map("".join))
def test_no_text_raises(text: str) -> None:
    parsed = toml.parse(text.encode())
    toml.places(parsed.text)
    reader = reading.Reader("config.toml", text.encode(), {})
    Settings_of(reader)
    assert all(finding.line >= 0 and finding.column >= 0 for finding in reader.findings)


def Settings_of(reader: reading.Reader) -> object:
    sections = reader.sections(())
    return Defaults(**sections["default"]), Anthropic(**sections["anthropic"]), Ui(**sections["ui"])


_key = st.text("abcdefghijklmnop", min_size=1, max_size=4)
_value = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(
        ['"a#b"', "'[x]'", '"""\nq = "1"\n"""', "'''\n[t]\n'''", "[\n 1, # ]\n 2,\n]", '{ a = "}" }', '"\\""']
    ),
)


@given(st.lists(st.tuples(_key, st.lists(st.tuples(_key, _value), max_size=4, unique_by=lambda pair: pair[0])), max_size=4,
                unique_by=lambda table: table[0]), st.sampled_from(["", "  ", "\t"]))  # fmt: skip
def test_every_key_is_found_where_it_stands(tables: list[tuple[str, list[tuple[str, str]]]], indent: str) -> None:
    text, expected = "", {}
    for table, pairs in tables:
        expected[table,] = (text.count("\n") + 1, len(indent) + 1, len(indent) + 1)
        text += f"{indent}[{table}] # {table} = 3\n\n"
        for key, value in pairs:
            expected[table, key] = (text.count("\n") + 1, len(indent) + 1, len(indent) + len(key) + 4)
            text += f"{indent}{key} = {value}\n"
    tomli.loads(text)
    assert toml.places(text) == expected


_variable = st.sampled_from(["A", "B", "_C9"])
_plain = st.text(st.characters(exclude_characters="${}", exclude_categories=["Cs"]), max_size=8)


@given(_plain, _plain, _variable, st.text(max_size=8))
def test_a_reference_is_replaced_and_what_it_holds_is_not_expanded_again(
    before: str, after: str, name: str, value: str
) -> None:
    text = f"{before}${{{name}}}{after}"
    assert expand(text, {name: value}).text == (before + value + after if value else None)
    assert expand(text, {}) == (None, (name,))


@given(_plain, _variable, _plain, st.text(min_size=1, max_size=8))
def test_a_fallback_stands_in(before: str, name: str, fallback: str, value: str) -> None:
    text = f"{before}${{{name}:-{fallback}}}"
    assert expand(text, {}).text == expand(text, {name: ""}).text == before + fallback
    assert expand(text, {name: value}).text == before + value


@given(st.text(st.sampled_from("${}:-AB9_ x\\"), max_size=30))
def test_any_text_expands_to_something(text: str) -> None:
    everything = expand(text, {"A": "1", "B": "2", "AB": "3", "AB9": "4", "_": "5"})
    assert everything.text is None or isinstance(everything.text, str)
    if "${" not in text:
        assert everything == (text, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A:-${B}}", None),
        ("${A:-${B:-x}}", "x"),
        ("${A:-${SET}}-y", "here-y"),
        ("${SET:-${A}}", "here"),
        ("$${SET}", "${SET}"),
        ("${SET", "${SET"),
        ("${9}", "${9}"),
        ("${A:-open", "${A:-open"),
        ("a}b${SET}", "a}bhere"),
        ("$SET", "$SET"),
        ("${A:-}", ""),
    ],
)
def test_references_nest_and_what_is_none_stays(text: str, expected: str | None) -> None:
    assert expand(text, {"SET": "here"}).text == expected


def test_home_holds_every_folder(tmp_path: Path) -> None:
    settings = load({"PRX_HOME": str(tmp_path)})
    folders = settings.folders
    assert settings.file == tmp_path / "config" / "config.toml"
    assert {folders.config, folders.data, folders.state, folders.cache} == {
        tmp_path / name for name in ("config", "data", "state", "cache")
    }


def test_without_it_the_systems_folders_are_used() -> None:
    folders = load({}).folders
    assert len({folders.data, folders.state, folders.cache}) == 3
    assert all("prx" in path.parts for path in (folders.config, folders.data, folders.state, folders.cache))


EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def test_the_example_file_holds_every_key_with_its_default(tmp_path: Path) -> None:
    settings = load({"PRX_HOME": str(tmp_path)}, file=EXAMPLE, actions=tuple(BY_NAME))
    assert settings.findings == ()
    data = tomli.loads(EXAMPLE.read_text())
    assert set(data["default"]) == set(Defaults.__struct_fields__)
    assert set(data["providers"]["anthropic"]) == set(Anthropic.__struct_fields__)
    assert set(data["ui"]) == set(Ui.__struct_fields__)
    assert set(data["budget"]) == set(Limits.__struct_fields__)
    assert set(data["tools"]) == set(Tools.__struct_fields__)
    assert set(data["mcp"]["time"]) == set(McpServer.__struct_fields__)
    assert settings.mcp == {"time": McpServer(enabled=False)}
    assert set(data["models"]["claude-sonnet-5-5"]) == set(ModelFacts.__struct_fields__)
    assert set(data["presets"]["review"]) == set(Preset.__struct_fields__)
    assert (settings.default, settings.anthropic, settings.ui) == (Defaults(), Anthropic(), Ui())
    assert (settings.budget, settings.tools) == (Limits(), Tools())
    assert settings.keys == {action.name: action.keys for action in ACTIONS}
    assert [model for model in known_models(settings, (), date(2026, 12, 1)) if model.id in settings.models] == [
        find("claude-sonnet-5-5")
    ]


@pytest.mark.parametrize(
    ("said", "search"),
    [
        ("web_search = false", None),
        ("web_search = true", WebSearch()),
        ("web_search = {}", WebSearch()),
        (
            '[tools.web_search]\nmax_uses = 2\nblocked_domains = ["a.example"]',
            WebSearch(max_uses=2, blocked_domains=("a.example",)),
        ),
    ],
)
def test_web_search_is_a_flag_or_a_table(written: Load, said: str, search: WebSearch | None) -> None:
    settings = written(f"[tools]\n{said}\n")
    assert settings.findings == ()
    assert settings.tools.web_search == search


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("web_search = 3", "web_search must be true, false or a table"),
        ("web_search = { max_use = 3 }", 'did you mean "max_uses"?'),
        (
            'web_search = { allowed_domains = ["a"], blocked_domains = ["b"] }',
            "use either allowed_domains or blocked_domains",
        ),
    ],
)
def test_what_is_wrong_with_a_web_search_is_said(written: Load, said: str, problem: str) -> None:
    (finding,) = written(f"[tools]\n{said}\n").findings
    assert problem in finding.problem


def test_servers_of_tools_are_read(written: Load) -> None:
    settings = written(
        '[mcp.time]\ncommand = "uvx"\nargs = ["mcp-server-time"]\nenv = { KEY = "${SECRET}", NONE = "${NOPE}" }\n'
        '[mcp.far]\nurl = "https://tools.example/mcp"\n[mcp.far.headers]\nAuthorization = "Bearer ${SECRET}"\n',
        SECRET="hush",
    )
    assert settings.findings == ()
    assert settings.mcp == {
        "time": McpServer(command="uvx", args=("mcp-server-time",), env={"KEY": "hush"}),
        "far": McpServer(url="https://tools.example/mcp", headers={"Authorization": "Bearer hush"}),
    }
    assert "hush" not in repr(settings.mcp)
    assert "SECRET" in settings.variables


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("[mcp.x]", "needs either command or url"),
        ('[mcp.x]\ncommand = "a"\nurl = "https://a.example"', "needs either command or url"),
        ('[mcp."a b"]\ncommand = "a"', "letters, digits"),
        ('[mcp.a__b]\ncommand = "a"', "letters, digits"),
        ('[mcp.x]\nurl = "http://a.example"\nheaders = { A = "b" }', "https or to this computer only"),
        ('[mcp.x]\ncommand = "a"\nenv = { A = 1 }', "env must be a table of strings"),
        ('[mcp.x]\ncommand = "a"\narg = []', 'did you mean "args"?'),
    ],
)
def test_what_is_wrong_with_a_server_is_said(written: Load, said: str, problem: str) -> None:
    (finding,) = written(f"{said}\n").findings
    assert problem in finding.problem
