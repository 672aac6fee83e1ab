"""Errors as users see them: from any status, any body, any server."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.anthropic import errors
from tui.anthropic.errors import from_event, from_response, read_body
from tui.errors import TuiError

OVERLOADED = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_body"}'


def api(type, message, **more):
    return json.dumps({"type": "error", "error": {"type": type, "message": message, **more}}).encode()


@pytest.mark.parametrize(
    ("status", "kind", "type", "retryable"),
    [
        (400, errors.BadRequest, "invalid_request_error", False),
        (401, errors.AuthenticationFailed, "authentication_error", False),
        (402, errors.BillingProblem, "billing_error", False),
        (403, errors.PermissionDenied, "permission_error", False),
        (404, errors.NotFound, "not_found_error", False),
        (408, errors.ServerError, "api_error", True),
        (409, errors.BadRequest, "invalid_request_error", True),
        (413, errors.RequestTooLarge, "request_too_large", False),
        (422, errors.BadRequest, "invalid_request_error", False),
        (429, errors.RateLimited, "rate_limit_error", True),
        (500, errors.ServerError, "api_error", True),
        (502, errors.ServerError, "api_error", True),
        (504, errors.ServerError, "api_error", True),
        (529, errors.Overloaded, "overloaded_error", True),
    ],
)
def test_a_status_has_its_class_even_without_a_body(status, kind, type, retryable):
    error = from_response(status, {}, b"")
    assert error.__class__ is kind
    assert isinstance(error, TuiError)
    assert (error.status, error.type, error.retryable) == (status, type, retryable)
    assert error.message


def test_all_that_is_known_of_an_error_is_kept():
    error = from_response(529, {"request-id": "req_1"}, OVERLOADED, retry_after_s=3.0)
    failure = error.failure()
    assert (failure.message, failure.type) == ("The server is overloaded", "overloaded_error")
    assert (failure.status, failure.request_id) == (529, "req_1")
    assert failure.hint == error.hint != ""
    assert error.retry_after_s == 3.0
    assert from_response(529, {}, OVERLOADED).request_id == "req_body"


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"<html><head><title>502 Bad\nGateway</title></head><body>x</body></html>", "text/html", "502 Bad Gateway"),
        (b"<!DOCTYPE html><p>no title", "", ""),
        (b"Internal Server Error\n", "text/plain", "Internal Server Error"),
        (b"", "", ""),
        (b"\xff\xfe", "", "\ufffd\ufffd"),
        (b'{"error":"model not loaded"}', "", "model not loaded"),
        (b'{"error":"invalid_grant","error_description":"Refresh token used"}', "", "Refresh token used"),
        (b'{"error":{"message":"OpenAI says no","type":"invalid","param":null,"code":"x"}}', "", "OpenAI says no"),
        (b'{"error":{"code":400,"message":"too long","type":"exceed_context_size_error"}}', "", "too long"),
        (b'{"detail":"Not Found"}', "", "Not Found"),
        (b'{"detail":[{"loc":["body"],"msg":"field required"},{"msg":"too short"}]}', "", "field required; too short"),
        (b'{"message":"bare"}', "", "bare"),
        (b'"just words"', "", "just words"),
        (b"[1,2]", "", ""),
        (b"null", "", ""),
        (b'{"error":null}', "", ""),
        (b'{"error":{"message":7}}', "", ""),
    ],
)
def test_a_body_of_any_shape_is_read(body, content_type, message):
    assert read_body(body, content_type).message == message


@settings(max_examples=200, deadline=None)
@given(st.integers(300, 599), st.binary(max_size=60) | st.text(max_size=60).map(lambda text: json.dumps(text).encode()))
def test_no_body_breaks_it(status, body):
    error = from_response(status, {}, body)
    assert error.message
    assert not any(unicodedata.category(char) == "Cc" for char in error.message)


def test_words_of_a_server_are_made_harmless():
    body = api("api_error", "bad\x1b[31m \u202etxt\r\n\tkey sk-ant-api03-abcdefghij1234 " + "x" * 2000)
    message = from_response(500, {}, body).message
    assert message.startswith("bad[31m txt key sk-ant-… xxx")
    assert len(message) <= 600


@pytest.mark.parametrize(
    ("credential", "custom", "said", "unsaid"),
    [
        ("api_key", False, ["sk-ant-api-", "not expired"], ["prx auth login", "proxy"]),
        ("oauth", False, ["prx auth login --provider anthropic", "restart Claude Code"], ["sk-ant-api-", "proxy"]),
        ("api_key", True, ["sk-ant-api-", "the proxy forwards the x-api-key header"], ["Authorization"]),
        ("bearer", True, ["ANTHROPIC_AUTH_TOKEN", "the proxy forwards the Authorization header"], ["x-api-key"]),
        ("", True, ["sk-ant-api-", "prx auth login", "x-api-key or Authorization"], []),
    ],
)
def test_the_advice_for_401_fits_the_credential(credential, custom, said, unsaid):
    error = from_response(401, {}, api("authentication_error", "invalid"), credential=credential, custom_url=custom)
    for words in said:
        assert words in error.hint
    for words in unsaid:
        assert words not in error.hint


def test_a_wrong_key_that_a_proxy_answers_with_400_gets_the_same_advice():
    error = from_response(400, {}, api("authentication_error", "wrong key"), credential="api_key")
    assert isinstance(error, errors.AuthenticationFailed)
    assert "sk-ant-api-" in error.hint


@pytest.mark.parametrize(
    "message",
    [
        "Third-party apps now draw from your extra usage, not your plan limits.",
        "You're out of extra usage.",
        "This credential is only authorized for use with Claude Code and cannot be used for other API requests.",
    ],
)
def test_a_login_refused_to_third_parties_is_explained(message):
    error = from_response(400, {}, api("invalid_request_error", message), credential="oauth")
    assert isinstance(error, errors.PermissionDenied)
    assert "ANTHROPIC_API_KEY" in error.hint
    assert error.message == message


@pytest.mark.parametrize(
    "body",
    [
        api("rate_limit_error", "cap", details={"error_code": "enforced_spend_limit_reached"}),
        api("invalid_request_error", "You have reached your specified API usage limits. You will regain access on …"),
    ],
)
def test_a_spend_cap_is_no_reason_to_try_again(body):
    error = from_response(429, {"x-should-retry": "true"}, body)
    assert isinstance(error, errors.SpendLimitReached)
    assert not error.retryable
    assert "Raise the limit" in error.hint


@pytest.mark.parametrize(
    ("status", "header", "retryable"), [(400, "true", True), (529, "false", False), (529, "", True)]
)
def test_the_servers_word_on_retrying_counts(status, header, retryable):
    assert from_response(status, {"x-should-retry": header}, b"").retryable is retryable


def test_an_unknown_model_is_named():
    error = from_response(404, {}, api("not_found_error", "model: claude-9"))
    assert error.message == "The server does not know the model claude-9"


@pytest.mark.parametrize(
    ("name", "nearest"), [("opuss", '"opus"'), ("claude-sonnet-5-6", '"claude-sonnet-5-5"'), ("gpt-4", None)]
)
def test_a_model_that_nobody_knows_leads_to_the_list_and_to_the_nearest(name, nearest):
    hint = from_response(404, {}, api("not_found_error", f"model: {name}")).hint
    assert "`prx models`" in hint
    assert hint.startswith(f"Did you mean {nearest}?") if nearest else "Did you mean" not in hint


def test_a_redirect_is_told_and_not_followed():
    error = from_response(307, {"location": "https://evil.example/v1"}, b"")
    assert isinstance(error, errors.ProtocolError)
    assert "https://evil.example/v1" in error.message
    assert not error.retryable


@pytest.mark.parametrize(
    ("type", "kind", "retryable"),
    [
        ("overloaded_error", errors.Overloaded, True),
        ("rate_limit_error", errors.RateLimited, True),
        ("api_error", errors.ServerError, True),
        ("invalid_request_error", errors.BadRequest, False),
        ("authentication_error", errors.AuthenticationFailed, False),
        ("brand_new_error", errors.ProviderError, False),
    ],
)
def test_an_event_maps_by_its_type(type, kind, retryable):
    error = from_event(errors.Said(type=type, message="words"), request_id="req_1")
    assert error.__class__ is kind
    assert (error.retryable, error.type, error.message, error.request_id) == (retryable, type, "words", "req_1")


@pytest.mark.parametrize(
    ("type", "words"),
    [
        ("invalid_request_error", "prompt is too long: 209999 tokens > 200000 maximum"),
        ("exceed_context_size_error", "the request exceeds the available context size"),
        ("BadRequestError", "This model's maximum context length is 32768 tokens."),
    ],
)
def test_a_prompt_that_is_too_long_says_what_can_be_done(type: str, words: str) -> None:
    error = from_response(400, {}, api(type, words))
    assert error.message == words
    assert "begin a new chat" in error.hint


def test_low_credit_points_to_billing():
    error = from_response(400, {}, api("invalid_request_error", "Your credit balance is too low to access the API."))
    assert "billing" in error.hint
