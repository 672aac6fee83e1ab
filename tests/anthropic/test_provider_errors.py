"""Errors as users see them: from any status, any body, any server."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.anthropic import errors
from tui.anthropic.errors import from_event, from_response, parse_error_body
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
    assert parse_error_body(body, content_type).message == message


@settings(max_examples=200, deadline=None)
@given(st.integers(300, 599), st.binary(max_size=60) | st.text(max_size=60).map(lambda text: json.dumps(text).encode()))
def test_no_body_breaks_it(status, body):
    error = from_response(status, {}, body)
    assert error.message
    assert not any(unicodedata.category(char) == "Cc" for char in error.message)


@pytest.mark.parametrize("status", [302, 400])
def test_a_long_request_id_is_cut(status):
    error = from_response(status, {"request-id": "a" * 90_000}, b"")
    assert len(error.failure().request_id) < 1_000


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
    assert "Max, Ultra and Team plans include API credits" in error.hint
    assert error.message == message


@pytest.mark.parametrize(
    "body",
    [
        api("rate_limit_error", "cap", details={"error_code": "enforced_spend_limit_reached"}),
        api("rate_limit_error", "cap", details={"error_code": "contract_spend_limit_reached"}),
        api("billing_error", "cap", details={"error_code": "linked_organization_spend_limit_reached"}),
        api("rate_limit_error", "cap", details={"error_code": "a_later_spend_limit_reached"}),
        api("invalid_request_error", "You have reached your specified API usage limits. You will regain access on …"),
    ],
)
def test_a_spend_cap_is_no_reason_to_try_again(body):
    for error in (
        from_response(429, {"x-should-retry": "true", "retry-after": "3"}, body, retry_after_s=3.0),
        from_event(parse_error_body(body)),
    ):
        assert isinstance(error, errors.SpendLimitReached)
        assert not error.retryable
        assert "Wait a moment" not in error.hint
        assert any(words in error.hint for words in ("Raise the limit", "raise it"))


def test_a_limit_on_how_fast_usage_grows_is_tried_again():
    body = api("rate_limit_error", "Usage grows too fast", details={"error_code": "ramp_limit_exceeded"})
    error = from_response(429, {}, body, retry_after_s=7.0)
    assert (error.__class__, error.retryable, error.retry_after_s) == (errors.RateLimited, True, 7.0)


@pytest.mark.parametrize(
    ("appeal_url", "said"),
    [
        ("https://claude.com/appeal?o=1", "Appeal at https://claude.com/appeal?o=1."),
        (None, "Contact Anthropic support."),
        ("javascript:alert(1)", "Contact Anthropic support."),
        (7, "Contact Anthropic support."),
    ],
)
def test_an_organization_on_hold_is_told_where_to_appeal(appeal_url, said):
    details = {"error_code": "organization_on_hold", "appeal_url": appeal_url}
    error = from_response(400, {}, api("invalid_request_error", "This organization is on hold.", details=details))
    assert error.hint == f"Anthropic has disabled this organization for trust and safety reasons. {said}"
    assert not error.retryable


@pytest.mark.parametrize(
    ("status", "type", "code", "said", "unsaid"),
    [
        (404, "not_found_error", "file_expired", "attach it again", "another model"),
        (529, "overloaded_error", "compaction_unavailable", "Send again", "another model"),
        (402, "billing_error", "linked_organization_billing_unavailable", "linked organization", "console.anthropic"),
        (400, "invalid_request_error", "cmek_key_disabled", "encryption key", "workspace_id"),
        (400, "invalid_request_error", "workspace_human_review_disabled", "human review", "workspace_id"),
    ],
)
def test_what_a_code_tells_goes_before_what_the_status_tells(status, type, code, said, unsaid):
    words = "The workspace of this request is not valid for it."
    error = from_response(status, {}, api(type, words, details={"error_code": code}))
    assert said in error.hint
    assert unsaid not in error.hint


def test_a_model_that_needs_data_retention_says_who_can_allow_it():
    words = "In order to access this model, your organization or workspace must have data retention enabled."
    error = from_response(400, {}, api("invalid_request_error", words))
    assert error.message == words
    assert "An administrator can allow it" in error.hint
    assert "choose another model" in error.hint.lower()


OLDER = (
    "anthropic-workspace-id is required when authenticating with an identity-linked API key; send the id of the workspace "
    "this request acts in."
)
NEWER = (
    "This API key is not scoped to a workspace, so this request must include the anthropic-workspace-id header with the ID "
    "of the workspace to use. Add the header, or use an API key that is scoped to a workspace."
)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, OLDER),
        (400, NEWER),
        (400, "anthropic-workspace-id: the header must not be blank"),
        (400, "Workspace wrkspc_1 does not match the workspace of this API key"),
        (404, "Workspace not found"),
        (403, "invalid workspace wrkspc_1"),
    ],
)
def test_a_key_that_needs_a_workspace_says_how_to_name_it(status, words):
    error = from_response(status, {}, api("invalid_request_error", words))
    assert error.__class__ is errors.WorkspaceNeeded
    assert error.message == words
    for way in ("wrkspc_", "prx auth login", "workspace_id", "ANTHROPIC_WORKSPACE_ID"):
        assert way in error.hint


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "Your workspace may not use this model."),
        (404, "model: workspace-9"),
        (429, "This workspace has no valid rate limit left"),
        (400, "messages.0.content: the workspace in this text is not valid"),
    ],
)
def test_other_words_about_workspaces_are_other_errors(status, words):
    assert from_response(status, {}, api("", words)).__class__ is not errors.WorkspaceNeeded


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
    error = from_event(errors.ErrorDetails(type=type, message="words"), request_id="req_1")
    assert error.__class__ is kind
    assert (error.retryable, error.type, error.message, error.request_id) == (retryable, type, "words", "req_1")


@pytest.mark.parametrize(
    ("type", "words", "much"),
    [
        (
            "invalid_request_error",
            "prompt is too long: 209999 tokens > 200000 maximum",
            "It is 9,999 tokens over the model's limit of 200,000: ",
        ),
        (
            "exceed_context_size_error",
            "request (9000 tokens) exceeds the available context size (8192 tokens)",
            "It is 808 tokens over the model's limit of 8,192: ",
        ),
        (
            "BadRequestError",
            "This model's maximum context length is 32768 tokens. However, you requested 40000 tokens",
            "It is 7,232 tokens over the model's limit of 32,768: ",
        ),
        ("exceed_context_size_error", "the request exceeds the available context size", "It is longer than"),
        ("BadRequestError", "This model's maximum context length is 32768 tokens.", "It is longer than"),
        ("", "prompt is too long: 1 tokens > 5 maximum", "It is longer than"),
        ("", f"prompt is too long: {'9' * 550} tokens > 5 maximum", "It is 999,999,999,999,999,994 tokens over"),
    ],
)
def test_a_prompt_that_is_too_long_says_by_how_much_and_what_can_be_done(type: str, words: str, much: str) -> None:
    error = from_response(400, {}, api(type, words))
    assert error.message == words
    assert error.hint.startswith(much)
    assert "start a new chat" in error.hint
    assert "larger context" in error.hint


def test_low_credit_points_to_billing():
    error = from_response(400, {}, api("invalid_request_error", "Your credit balance is too low to access the API."))
    assert "billing" in error.hint
