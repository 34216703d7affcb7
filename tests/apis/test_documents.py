"""The gateway's five documents: their requests are what evalkit sends, their responses what it understands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalkit.registry import APIS
from evalkit.types import Image, Message, Request, Usage

GOLDEN = Path(__file__).parent.parent / "golden"
BOARDWALK = (
    "https://upload.wikimedia.org/wikipedia/commons/thumb/d/dd/Gfp-wisconsin-madison-the-nature-boardwalk.jpg/"
    "2560px-Gfp-wisconsin-madison-the-nature-boardwalk.jpg"
)


def who_are_you(model: str) -> Request:
    return Request(model=model, messages=(Message(role="user", content="Who are you?"),), stream=False)


REQUESTS = {
    "gpt-4o": ("chat", who_are_you("gpt-4o")),
    "gemini-2.5-pro": ("chat", who_are_you("gemini-2.5-pro")),
    "o4-mini": ("chat", who_are_you("o4-mini")),
    "doubao": (
        "chat",
        Request(
            model="doubao-1-5-vision-pro-32k-250115",
            messages=(Message(role="user", content="Doubao,What is in this image?", images=(Image(url=BOARDWALK),)),),
            params={"max_output_tokens": 5000},
        ),
    ),
    "o3": (
        "responses",
        Request(
            model="o3",
            messages=(
                Message(
                    role="user",
                    content="Write a short poem about artificial intelligence and its impact on humanity.",
                ),
            ),
        ),
    ),
}


@pytest.mark.parametrize("document", REQUESTS)
def test_the_request_is_the_documents_own(document):
    api, request = REQUESTS[document]
    encoded = APIS[api].encode(request, lambda image: image.url)
    assert encoded == json.loads((GOLDEN / f"{document}.request.json").read_text(encoding="utf-8"))


ANSWERS = {
    "gpt-4o": (
        "chat",
        "Hello! I am an AI assistant, with the main function of generating images and providing information. "
        "My capabilities include:\n\n"
        "1. **Generating Images**: Generate images based on your description to help you achieve visual ideas.\n"
        "2. **Answering Questions**: Provide information on various topics, including science, history, and "
        "technology.\n"
        "3. **Writing Assistance**: Assist you in writing, providing suggestions, polishing text, or generating "
        "content.\n"
        "4. **Creative Inspiration**: Offer inspiration and suggestions for your creative projects, including art, "
        "design, and writing.\n\n"
        "If you have any specific needs or questions, please let me know, and I will do my best to help you!",
        "gpt-4-gizmo",
        "stop",
        Usage(input_tokens=14, output_tokens=208, total_tokens=222),
    ),
    "gemini-2.5-pro": (
        "chat",
        "I am a large language model, trained by Google.",
        "gemini-2.5-pro",
        "stop",
        Usage(input_tokens=4, output_tokens=946, total_tokens=950),
    ),
    "o4-mini": (
        "chat",
        "I am an AI language model created by OpenAI, designed to assist with a wide range of questions and tasks by "
        "providing information and generating text based on the input I receive. How can I assist you today?",
        "o4-mini",
        "stop",
        Usage(input_tokens=11, output_tokens=42, reasoning_tokens=0, cached_input_tokens=0, total_tokens=53),
    ),
    "doubao": (
        "chat",
        "This image showcases a serene natural landscape. The main feature is a wooden boardwalk that stretches from "
        "the bottom - center of the image into the distance, guiding the viewer's eye towards the horizon. The "
        "boardwalk is surrounded by lush, tall green grass, indicative of a meadow or marshland environment.\n\n"
        "In the background, there is a mix of green trees and shrubs, adding to the sense of a rich, natural habitat. "
        "The sky above is a brilliant blue, dotted with wispy clouds, suggesting a clear and pleasant day. The overall "
        "atmosphere of the image is peaceful and inviting, evoking a sense of tranquility and connection with "
        "nature. ",
        "doubao-1-5-vision-pro-32k-250115",
        "stop",
        Usage(input_tokens=5147, output_tokens=133, reasoning_tokens=0, cached_input_tokens=0, total_tokens=5280),
    ),
    "o3": (
        "responses",
        "In circuits deep and silicon bright,\nA consciousness takes form from light.\n"
        "Through algorithms vast and learning deep,\nAI awakens from its digital sleep.\n\n"
        "It processes the world with speed unknown,\nTransforming how our seeds are sown.\n"
        "From medicine to art, it lends its hand,\nReshaping how we understand.\n\n"
        "Yet questions rise with every gain we make—\nWhat future path will humanity take?\n"
        "A partner, tool, or something more?\nAI opens up a brand new door.\n\n"
        "We stand together at this turning page,\nHuman and machine, sharing the stage.\n"
        "With wisdom, care, and thoughtful mind,\nWe shape the future of our kind.",
        "o3",
        None,
        Usage(input_tokens=18, output_tokens=145, total_tokens=163),
    ),
}


@pytest.mark.parametrize("document", ANSWERS)
def test_the_documents_response_is_understood(document):
    api, text, model, finish_reason, usage = ANSWERS[document]
    body = json.loads((GOLDEN / f"{document}.response.json").read_text(encoding="utf-8"))
    response = APIS[api].decode(body)
    assert (response.text, response.model, response.finish_reason) == (text, model, finish_reason)
    assert response.usage == usage
    assert response.outcome == "ok"
    assert response.raw == body
