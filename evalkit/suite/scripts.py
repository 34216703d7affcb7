"""What is said to a model: a prompt's messages, filled in; of a conversation, all that the user will say.

With `turns`, the first of them takes the place of the user message that ends the prompt, and the others follow, the
model's own answers in between. Where that message speaks of `{{ user }}`, it is the frame of each turn instead. A
prompt that does not end with the user is kept whole, and the turns come after it.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

from msgspec.structs import replace

from evalkit.suite.instances import Instance
from evalkit.suite.parts import MessageTemplate
from evalkit.suite.templates import TemplateInvalid, names_in, render
from evalkit.types import Message, ScriptedTurn

TURN_TEXT = "user"
"""What the text of a turn is called in the frame that a prompt may have for it."""
Words = tuple[MessageTemplate, ...]
_BARE = MessageTemplate(role="user", content="{{ user }}")


class Script(NamedTuple):
    """What is sent at first, and what the user says after each answer but the last."""

    opening: tuple[Message, ...]
    later: tuple[Message, ...] = ()


def script(words: Words, instance: Instance) -> Script:
    """A prompt's messages with all that the case adds to them. Raises TemplateInvalid."""
    if instance.case.turns:
        return _conversation(words, instance)
    return Script(_with_media(_rendered(words, instance), instance))


def scripted_turns(said: Script, instance: Instance) -> tuple[ScriptedTurn, ...]:
    """All turns of a conversation with their checks; a single question is one turn that has none of its own.

    Raises TemplateInvalid or ArgumentInvalid.
    """
    if not instance.case.turns:
        return (ScriptedTurn(message=said.opening[-1]),)
    turns = []
    for message, turn in zip((said.opening[-1], *said.later), instance.case.turns, strict=True):
        within = instance.within(turn)
        checks = tuple(spec.bind(within.variables) for spec in turn.checks)
        turns.append(ScriptedTurn(message=message, checks=checks, expected=within.expected))
    return tuple(turns)


def _rendered(words: Words, instance: Instance) -> tuple[Message, ...]:
    return tuple(_message(word, render(word.content, instance.variables)) for word in words)


def _message(word: MessageTemplate, content: str) -> Message:
    return Message(role=word.role, content=content, name=word.name)


def _with_media(made: tuple[Message, ...], instance: Instance) -> tuple[Message, ...]:
    """The case's pictures and files with the last message of the user."""
    case = instance.case
    if not case.images and not case.files:
        return made
    last = max((index for index, message in enumerate(made) if message.role == "user"), default=None)
    if last is None:
        noun = "pictures" if case.images else "files"
        raise TemplateInvalid(f"{noun} go with the last user message, and this prompt has none")
    return (*made[:last], replace(made[last], images=case.images, files=case.files), *made[last + 1 :])


def _conversation(words: Words, instance: Instance) -> Script:
    if TURN_TEXT in instance.variables:
        message = f"'{TURN_TEXT}' is the text of a turn in the prompts of a conversation: give this var another name"
        raise TemplateInvalid(message)
    frame, before = _frame(words)
    case = instance.case
    first, *later = (_turn(number, frame, instance) for number in range(len(case.turns)))
    first = replace(first, images=(*case.images, *first.images), files=(*case.files, *first.files))
    return Script((*_rendered(before, instance), first), tuple(later))


def _frame(words: Words) -> tuple[MessageTemplate, Words]:
    """What each turn is put into, and the messages that come before the first one."""
    last = words[-1]
    if last.role != "user":
        return _BARE, words
    if TURN_TEXT in names_in(last.content):
        return last, words[:-1]
    return dataclasses.replace(last, content=_BARE.content), words[:-1]


def _turn(number: int, frame: MessageTemplate, instance: Instance) -> Message:
    turn = instance.case.turns[number]
    try:
        text = render(turn.user, instance.variables)
    except TemplateInvalid as error:
        raise TemplateInvalid(f"turn {number + 1}: {error}") from error
    content = render(frame.content, {**instance.variables, TURN_TEXT: text})
    return replace(_message(frame, content), images=turn.images, files=turn.files)
