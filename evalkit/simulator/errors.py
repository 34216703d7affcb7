"""What the stand-in answers instead of an answer, in the words of the real APIs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


class ApiError(Exception):
    """An error reply: its status, its body, and headers beside it."""

    def __init__(self, status: int, error: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error["message"])
        self.status = status
        self.body: dict[str, Any] = {"error": dict(error)}
        self.headers = dict(headers or {})


def invalid(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> ApiError:
    """A request turned down, in the shape that OpenAI gives it."""
    return ApiError(status, {"message": message, "type": "invalid_request_error", "param": param, "code": code})


def gateway(status: int, message: str, kind: str, headers: Mapping[str, str] | None = None) -> ApiError:
    """An error of the gateway itself, whose `type` may be a number in a string."""
    return ApiError(status, {"message": message, "type": kind}, headers)


def of_messages(error: ApiError) -> ApiError:
    """An error in the shape that Anthropic gives it; the gateway's own errors have the gateway's shape everywhere."""
    said = error.body["error"]
    if "param" not in said:
        return error
    kind = "not_found_error" if error.status == 404 else "invalid_request_error"
    turned = ApiError(error.status, {"type": kind, "message": said["message"]}, error.headers)
    turned.body = {"type": "error", **turned.body}
    return turned


def missing(param: str) -> ApiError:
    """A field that must be there and is not."""
    return invalid(f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def wrong_type(param: str, wanted: str, value: object) -> ApiError:
    """A field of another type; `wanted` with its article: "a string"."""
    message = f"Invalid type for '{param}': expected {wanted}, but got {_kind(value)} instead."
    return invalid(message, param=param, code="invalid_type")


def empty_array(param: str) -> ApiError:
    """A list that must have at least one item."""
    wanted = "Expected an array with minimum length 1, but got an empty array instead."
    return invalid(f"Invalid '{param}': empty array. {wanted}", param=param, code="empty_array")


def below(param: str, kind: str, value: float, least: float) -> ApiError:
    """A number that is too small; `kind` is "integer" or "decimal"."""
    message = f"Invalid '{param}': {kind} below minimum value. Expected a value >= {least}, but got {value} instead."
    return invalid(message, param=param, code=f"{kind}_below_min_value")


def above(param: str, kind: str, value: float, most: float) -> ApiError:
    """A number that is too large; `kind` is "integer" or "decimal"."""
    message = f"Invalid '{param}': {kind} above maximum value. Expected a value <= {most}, but got {value} instead."
    return invalid(message, param=param, code=f"{kind}_above_max_value")


def unknown_value(param: str, value: object, supported: Collection[str]) -> ApiError:
    """A word that is none of those the API knows."""
    message = f"Invalid value: '{value}'. Supported values are: {_listed(supported)}."
    return invalid(message, param=param, code="invalid_value")


def unknown_parameter(param: str) -> ApiError:
    """A field that the API does not have."""
    return invalid(f"Unknown parameter: '{param}'.", param=param, code="unknown_parameter")


def unsupported(param: str, instead: str | None = None) -> ApiError:
    """A parameter that this model does not take."""
    hint = f" Use '{instead}' instead." if instead else ""
    message = f"Unsupported parameter: '{param}' is not supported with this model.{hint}"
    return invalid(message, param=param, code="unsupported_parameter")


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "an integer", float: "a decimal", str: "a string", list: "an array"}
    return names.get(type(value), "an object")


def _listed(words: Collection[str]) -> str:
    quoted = [f"'{word}'" for word in words]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return f"{', '.join(quoted[:-1])}, and {quoted[-1]}"
