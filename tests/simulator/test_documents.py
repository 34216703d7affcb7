"""PDFs come to the stand-in in the parts that each API has for them."""

from __future__ import annotations

import base64
import hashlib

import pytest

from evalkit.simulator import chat, messages, responses, tokens
from evalkit.simulator.errors import ApiError

CONTENT = b"%PDF-1.7 terms"
DATA = base64.b64encode(CONTENT).decode()
URL = f"data:application/pdf;base64,{DATA}"
REMOTE = "https://example.com/terms.pdf"


def by_chat(*parts, model="gpt-4o", role="user"):
    return chat.read({"model": model, "messages": [{"role": role, "content": list(parts)}]})


def file(data, **fields):
    return {"type": "file", "file": {"filename": "terms.pdf", "file_data": data, **fields}}


def picture(url):
    return {"type": "image_url", "image_url": {"url": url}}


def by_responses(part):
    return responses.read({"model": "o3", "input": [{"role": "user", "content": [{"type": "input_file", **part}]}]})


def by_messages(**source):
    content = [{"type": "document", "source": source}]
    return messages.read(
        {"model": "claude-sonnet-4", "max_tokens": 9, "messages": [{"role": "user", "content": content}]}
    )


QUESTIONS = [
    lambda data, remote: by_chat(file(data or remote)),
    lambda data, remote: by_chat(picture(data or remote), model="gemini-2.5-pro"),
    lambda data, remote: by_responses({"filename": "terms.pdf", "file_data": data} if data else {"file_url": remote}),
    lambda data, remote: by_messages(
        **(
            {"type": "base64", "media_type": "application/pdf", "data": DATA}
            if data
            else {"type": "url", "url": remote}
        )
    ),
]


@pytest.mark.parametrize("ask", QUESTIONS, ids=["chat", "gemini", "responses", "messages"])
def test_a_document_is_known_by_its_bytes_or_its_url(ask):
    [embedded] = ask(URL, None).turns
    [remote] = ask(None, REMOTE).turns
    assert embedded.references == [hashlib.sha256(CONTENT).hexdigest()]
    assert remote.references == [REMOTE]


def test_a_document_costs_tokens_and_makes_another_question():
    bare, with_file = by_chat({"type": "text", "text": "Hi"}), by_chat({"type": "text", "text": "Hi"}, file(URL))
    assert tokens.prompt_tokens(with_file) > tokens.prompt_tokens(bare) + 1000
    assert bare.digest != with_file.digest


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: by_chat(file("AAAA")), "data URL with the MIME type application/pdf"),
        (lambda: by_chat(file("data:text/plain;base64,AAAA")), "data URL with the MIME type application/pdf"),
        (lambda: by_chat(file("data:application/pdf;base64,AAAA")), "The file is no PDF"),
        (lambda: by_chat(file("data:application/pdf;base64,?")), "It is no base64"),
        (lambda: by_chat(file("http://example.com/a.pdf")), "an https URL"),
        (lambda: by_chat(file(5)), "expected a string"),
        (lambda: by_chat(file(URL, file_id="f")), "file.file_id"),
        (lambda: by_chat({"type": "file", "file": URL}), "expected an object"),
        (lambda: by_chat({"type": "file", "file": {"file_data": URL}}), "file.filename"),
        (lambda: by_chat(file(URL), role="system"), "only allowed for messages with role 'user'"),
        (lambda: by_chat(picture(URL)), "unsupported image"),
        (lambda: by_responses({"file_data": URL}), "filename"),
        (lambda: by_responses({"filename": "a.pdf"}), "expected a string, but got null"),
        (lambda: by_responses({"file_url": "a.pdf"}), "an https URL"),
    ],
)
def test_what_is_no_document_is_rejected(ask, words):
    with pytest.raises(ApiError) as caught:
        ask()
    assert words in caught.value.body["error"]["message"]
