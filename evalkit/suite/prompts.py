"""Prompts: a text, messages, or a file of either."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evalkit.errors import EvalkitError, SuiteInvalid
from evalkit.suite.parts import MessageTemplate, Prompt
from evalkit.suite.places import PathInvalid, below_root
from evalkit.suite.schema import MessageFile, PromptBody, PromptFile
from evalkit.suite.source import Document, read_document, read_text
from evalkit.suite.templates import names_in
from evalkit.suite.validation import Mistakes, validate

Messages = tuple[MessageTemplate, ...]
DEFAULT_NAME = "default"
"""Of a prompt that is alone and has no name."""
TEXT_ENDINGS = (".txt", ".md", ".j2")
MESSAGE_ENDINGS = (".yaml", ".yml", ".json")


class PromptReader:
    """Reads the prompts of one suite; mistakes in them and in their files are noted."""

    def __init__(self, *, base: Path, root: Path, mistakes: Mistakes) -> None:
        self._base = base
        self._root = root
        self._mistakes = mistakes

    def read(self, given: list[PromptFile], data: list[Any], models: list[str]) -> tuple[Prompt, ...]:
        """The prompts, those that are wrong left away."""
        prompts: dict[str, Prompt] = {}
        for index, prompt in enumerate(given):
            name = prompt.name or (DEFAULT_NAME if len(given) == 1 else None)
            if name is None:
                self._mistakes.add("'name' is missing: a suite with several prompts names each", data, index)
                continue
            if name in prompts:
                self._mistakes.add(f"two prompts are called '{name}'", data, index)
            read = self._prompt(name, prompt, data, index, models)
            if read is not None:
                prompts[name] = read
        return tuple(prompts.values())

    def _prompt(self, name: str, given: PromptFile, data: list[Any], index: int, models: list[str]) -> Prompt | None:
        messages = self._messages(given, data, index)
        variants: dict[str, Messages] = {}
        for model, body in given.variants.items():
            where = data[index]["variants"]
            if model not in models:
                self._mistakes.add(f"variant for '{model}', which is no model of this suite", where, model, of_key=True)
            words = self._messages(body, where, model)
            if words is not None:
                variants[model] = words
        return Prompt(name=name, messages=messages, variants=variants) if messages is not None else None

    def _messages(self, body: PromptBody, container: Any, key: str | int) -> Messages | None:
        forms = [form for form in ("user", "messages", "file") if getattr(body, form) is not None]
        if len(forms) != 1 or (body.system is not None and forms != ["user"]):
            found = ", ".join(f"'{form}'" for form in forms) or "none of them"
            self._mistakes.add(
                f"a prompt has `user` (and `system`), or `messages`, or a `file`; found {found}", container, key
            )
            return None
        if body.file is not None:
            return self._file(body.file, container, key)
        if body.messages is not None:
            messages = tuple(_template(message) for message in body.messages)
        else:
            system = (MessageTemplate(role="system", content=body.system),) if body.system is not None else ()
            messages = (*system, MessageTemplate(role="user", content=body.user or ""))
        self._compile(messages, container, key)
        return messages

    def _file(self, name: str, container: Any, key: str | int) -> Messages | None:
        holder = container[key]
        try:
            path = below_root(name, base=self._base, root=self._root)
            if path.suffix in TEXT_ENDINGS:
                messages: Messages | None = (MessageTemplate(role="user", content=read_text(path, name)),)
            elif path.suffix in MESSAGE_ENDINGS:
                messages = self._message_file(read_document(path, name))
            else:
                endings = ", ".join((*TEXT_ENDINGS, *MESSAGE_ENDINGS))
                self._mistakes.add(f"a prompt file ends in one of {endings}: '{name}'", holder, "file")
                return None
        except PathInvalid as error:
            self._mistakes.add(str(error), holder, "file")
            return None
        except SuiteInvalid as error:
            self._mistakes.problems.extend(error.problems)
            return None
        if messages is not None:
            self._compile(messages, holder, "file")
        return messages

    def _message_file(self, document: Document) -> Messages | None:
        mistakes = Mistakes(document)
        mistakes.problems.extend(document.problems)
        items = document.value if isinstance(document.value, list) else []
        if not items:
            mistakes.add("a file of messages is a list of mappings with `role` and `content`", document.value)
        read = [validate(MessageFile, item, mistakes) for item in items]
        self._mistakes.problems.extend(mistakes.problems)
        return None if mistakes.problems else tuple(_template(message) for message in read if message is not None)

    def _compile(self, messages: Messages, container: Any, key: str | int) -> None:
        for message in messages:
            try:
                names_in(message.content)
            except EvalkitError as error:
                self._mistakes.add(str(error), container, key)


def _template(message: MessageFile) -> MessageTemplate:
    return MessageTemplate(role=message.role, content=message.content, name=message.name)
