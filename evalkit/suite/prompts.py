"""Prompts: a text, messages, or a file of either."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from evalkit.errors import SuiteInvalid
from evalkit.suite.parts import MessageTemplate, Prompt
from evalkit.suite.places import PathInvalid, below_root, shown
from evalkit.suite.schema import MessageFile, PromptBody, PromptFile
from evalkit.suite.source import Document, read_document
from evalkit.suite.texts import read_text
from evalkit.suite.validation import Mistakes, compile_template, validate_items

Messages = tuple[MessageTemplate, ...]
DEFAULT_NAME = "default"
"""Of a prompt that is alone and has no name."""
TEXT_ENDINGS = (".txt", ".md", ".j2")
MESSAGE_ENDINGS = (".yaml", ".yml", ".json")


class PromptReader:
    """Reads the prompts of one suite; mistakes in them and in their files are noted."""

    def __init__(self, *, base: Path, root: Path, models: Collection[str], mistakes: Mistakes) -> None:
        self._base = base
        self._root = root
        self._models = models
        self._mistakes = mistakes

    def read(self, data: dict[str, Any]) -> tuple[Prompt, ...]:
        """The prompts of a suite's data, those that are wrong left away."""
        prompts: dict[str, Prompt] = {}
        for index, given in validate_items(PromptFile, data, "prompts", self._mistakes, at_least=1):
            items = data["prompts"]
            name = given.name or (DEFAULT_NAME if len(items) == 1 else None)
            if name is None:
                self._mistakes.add("'name' is missing: a suite with several prompts names each", items, index)
                continue
            if name in prompts:
                self._mistakes.add(f"two prompts are called '{name}'", items, index)
            read = self._prompt(name, given, items, index)
            if read is not None:
                prompts[name] = read
        return tuple(prompts.values())

    def _prompt(self, name: str, given: PromptFile, data: list[Any], index: int) -> Prompt | None:
        messages = self._messages(given, data, index)
        variants: dict[str, Messages] = {}
        for model, body in given.variants.items():
            where = data[index]["variants"]
            if model not in self._models:
                self._mistakes.add(f"variant for '{model}', which is no model of this suite", where, model, of_key=True)
            words = self._messages(body, where, model)
            if words is not None:
                variants[model] = words
        return Prompt(name=name, messages=messages, variants=variants) if messages is not None else None

    def _messages(self, body: PromptBody, container: Any, key: str | int) -> Messages | None:
        """The messages of what stands in `container` under `key`: a mapping, or a bare text."""
        found = [form for form in ("system", "user", "messages", "file") if getattr(body, form) is not None]
        if found not in (["user"], ["system", "user"], ["messages"], ["file"]):
            words = ", ".join(f"'{form}'" for form in found) or "none of them"
            message = f"a prompt has `user` (and `system`), or `messages`, or a `file`; found {words}"
            self._mistakes.add(message, container, key)
            return None
        held = container[key]
        if body.file is not None:
            return self._file(body.file, held)
        if body.messages is not None:
            given = zip(body.messages, held["messages"], strict=True)
            return tuple(_template(message, self._mistakes, item) for message, item in given)
        where = (held, "user") if isinstance(held, dict) else (container, key)
        user = _template(MessageFile(role="user", content=body.user or ""), self._mistakes, *where)
        if body.system is None:
            return (user,)
        return (_template(MessageFile(role="system", content=body.system), self._mistakes, held, "system"), user)

    def _file(self, name: str, holder: Any) -> Messages | None:
        try:
            path = below_root(name, base=self._base, root=self._root)
            if path.suffix in TEXT_ENDINGS:
                message = MessageFile(role="user", content=read_text(path, shown(path)))
                return (_template(message, self._mistakes, holder, "file"),)
            if path.suffix in MESSAGE_ENDINGS:
                return self._message_file(read_document(path, shown(path)))
        except PathInvalid as error:
            self._mistakes.add(str(error), holder, "file")
            return None
        except SuiteInvalid as error:
            self._mistakes.problems.extend(error.problems)
            return None
        endings = ", ".join((*TEXT_ENDINGS, *MESSAGE_ENDINGS))
        self._mistakes.add(f"a prompt file ends in one of {endings}: '{name}'", holder, "file")
        return None

    def _message_file(self, document: Document) -> Messages | None:
        mistakes = Mistakes(document)
        mistakes.problems.extend(document.problems)
        items = document.value
        messages: Messages = ()
        if not isinstance(items, list) or not items:
            mistakes.add("a file of messages is a list of mappings with `role` and `content`", items)
        else:
            read = validate_items(MessageFile, {"messages": items}, "messages", mistakes)
            messages = tuple(_template(message, mistakes, items[index]) for index, message in read)
        self._mistakes.problems.extend(mistakes.problems)
        return None if mistakes.problems else messages


def _template(message: MessageFile, mistakes: Mistakes, container: Any, key: str | int = "content") -> MessageTemplate:
    """A message whose content stands in `container` under `key`; that it does not compile is noted."""
    compile_template(message.content, mistakes, container, key)
    return MessageTemplate(role=message.role, content=message.content, name=message.name)
