"""Which proxy an address is reached through, entry by entry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.inputs.proxies import BadProxy, Route, route_for

PROXY = "http://127.0.0.1:9"
API = "https://api.example.com/v1/messages"


@pytest.mark.parametrize(
    ("url", "env", "variable"),
    [
        (API, {"HTTPS_PROXY": PROXY}, "HTTPS_PROXY"),
        (API, {"https_proxy": PROXY}, "https_proxy"),
        (API, {"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, "https_proxy"),
        (API, {"ALL_PROXY": PROXY}, "ALL_PROXY"),
        (API, {"all_proxy": PROXY, "HTTPS_PROXY": " "}, "all_proxy"),
        (API, {"HTTPS_PROXY": PROXY, "HTTP_PROXY": "[", "ALL_PROXY": "["}, "HTTPS_PROXY"),
        ("http://127.0.0.1:8", {"HTTP_PROXY": PROXY, "HTTPS_PROXY": "["}, "HTTP_PROXY"),
        (API, {"HTTPS_PROXY": " 127.0.0.1:9 "}, "HTTPS_PROXY"),
    ],
)
def test_the_variable_that_counts_is_used_and_named(url: str, env: dict[str, str], variable: str) -> None:
    route = route_for(url, env)
    assert (route.proxy, route.variable, route.host) == (PROXY, variable, "127.0.0.1:9")


@pytest.mark.parametrize(
    ("url", "env"),
    [
        (API, {}),
        (API, {"HTTP_PROXY": "["}),
        (API, {"HTTPS_PROXY": PROXY, "https_proxy": ""}),
        ("http://127.0.0.1:8", {"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}),
        ("https://[", {"HTTPS_PROXY": PROXY}),
    ],
)
def test_where_no_variable_counts_there_is_no_proxy(url: str, env: dict[str, str]) -> None:
    assert route_for(url, env) == Route()


@pytest.mark.parametrize(
    ("entries", "url"),
    [
        ("*", API),
        ("other, *", API),
        ("api.example.com", API),
        ("example.com", API),
        (".example.com", API),
        ("*.example.com", API),
        ("EXAMPLE.COM.", API),
        ("a b\texample.com", API),
        (",, example.com ,", API),
        ("example.com:443", API),
        ("https://example.com", API),
        ("all://example.com/", API),
        ("localhost", "https://localhost:8/x"),
        ("localhost:8", "https://localhost:8/x"),
        ("127.0.0.1", "https://127.0.0.1/"),
        ("127.0.0.1:8", "https://127.0.0.1:8"),
        ("127.0.0.0/8", "https://127.9.9.9"),
        ("127.0.0.1/8", "https://127.9.9.9"),
        ("::1", "https://[::1]:8"),
        ("[::1]", "https://[::1]:8"),
        ("[::1]:8", "https://[::1]:8"),
        ("0:0::1", "https://[::1]"),
        ("fd07:b51a:cc66:f0::/64", "https://[fd07:b51a:cc66:f0::7]"),
        ("[fd07:b51a:cc66:f0::]/64", "https://[fd07:b51a:cc66:f0::7]"),
        ("localhost,[::1],[::,1/2,foo/bar", "https://localhost"),
        ("bücher.example", "https://xn--bcher-kva.example"),
    ],
)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_an_entry_of_no_proxy_is_used(name: str, entries: str, url: str) -> None:
    assert route_for(url, {"HTTPS_PROXY": PROXY, name: entries}) == Route()


@pytest.mark.parametrize(
    ("entries", "url"),
    [
        ("", API),
        ("ample.com", API),
        ("www.api.example.com", API),
        ("example.com:80", API),
        ("http://example.com", API),
        ("10.0.0.0/8", API),
        ("127.0.0.1:9", "https://127.0.0.1:8"),
        ("128.0.0.0/8", "https://127.0.0.1"),
        ("::1", "https://127.0.0.1"),
        ("[::1]:9", "https://[::1]:8"),
        ("fd07:b51a:cc66:f0::/64", "https://[fd07:b51a:cc66:f1::7]"),
        ("localhost", "https://127.0.0.1"),
    ],
)
def test_an_entry_about_another_address_changes_nothing(entries: str, url: str) -> None:
    route = route_for(url, {"HTTPS_PROXY": PROXY, "NO_PROXY": entries})
    assert (route.proxy, route.skipped) == (PROXY, ())


def test_what_is_no_entry_is_left_out_and_named() -> None:
    odd = [
        "[::1",
        "1/2/3",
        "10.0.0.0/99",
        "host:port",
        "::x",
        "ftp://a",
        "a/b",
        "\x1b]52;c;x\x07",
        "\udcff",
        "*.*",
        "10.*",
    ]
    route = route_for(API, {"HTTPS_PROXY": PROXY, "no_proxy": ",".join(odd)})
    assert route.skipped == tuple(odd)
    assert route.remark.startswith("no_proxy: ignored, because it is not a host, address or network: '[::1', '1/2/3'")
    assert route.remark.endswith(" and 6 more.")
    assert route.remark.isprintable()
    assert route_for(API, {"HTTPS_PROXY": PROXY}).remark == ""


@pytest.mark.parametrize(
    "value",
    [
        "http://user:pa[ss@127.0.0.1:9",
        "http://user:pa/ss@127.0.0.1:9",
        "http://user:12#34@127.0.0.1:9",
        "http://user:12?34@127.0.0.1:9",
        "[",
        "::",
        "http://",
        "http://[::1",
        "http://127.0.0.1:port",
        "http://127.0.0.1:99999",
        "garbage://127.0.0.1",
        "http://127.0.0.1 :9",
        "http://127.0.0.1\n:9",
        "http://\x1b]0;x\x07",
        "http://\udcff:9",
    ],
)
def test_what_is_no_address_of_a_proxy_is_said_without_its_value(value: str) -> None:
    with pytest.raises(BadProxy) as error:
        route_for(API, {"HTTPS_PROXY": value})
    assert error.value.message == "HTTPS_PROXY is not the address of a proxy"
    assert "%5B" in error.value.hint


@pytest.mark.parametrize("password", ["pass", "p%5Bss", "pä"])
def test_a_password_is_kept_for_the_proxy_and_shown_nowhere(password: str) -> None:
    route = route_for(API, {"HTTPS_PROXY": f"http://user:{password}@127.0.0.1:9", "NO_PROXY": "["})
    assert route.proxy == f"http://user:{password}@127.0.0.1:9"
    assert route.host == "127.0.0.1:9"
    assert password not in f"{route!r}{route.remark}"


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_nothing_that_the_environment_says_breaks_it(proxy: str, exceptions: str, address: str) -> None:
    for url in (API, f"https://{address}", address):
        try:
            route_for(url, {"HTTPS_PROXY": proxy, "NO_PROXY": exceptions})
        except BadProxy:
            continue
        assert route_for(url, {"HTTPS_PROXY": PROXY, "NO_PROXY": f"{exceptions},*"}).proxy == ""
