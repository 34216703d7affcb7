"""Places of the parts of a value."""

from __future__ import annotations

from evalkit.suite.located import Located, Node


def test_what_was_put_in_later_is_called_by_its_key():
    located = Located("f", Node({"a": Node(1, 1, 5)}, 1, 1, keys={"a": (1, 2)}), ["{a: 1}"])
    located.value["new"] = 2
    assert str(located.problem("wrong", located.value, "new")) == "f:1:1: 'new': wrong"
    assert str(located.problem("wrong", located.value, "new", of_key=True)) == "f:1:1: wrong"
    assert str(located.problem("wrong", located.value, "a")) == "f:1:5: wrong"


def test_a_place_has_its_line_if_the_file_was_kept():
    node = Node([Node(1, 2, 3)], 1, 1)
    assert Located("f", node, ["first", "second"]).problem_at("x", 2, 3).source == "second"
    assert Located("f", node).problem_at("x", 2, 3).source is None
    assert Located("f", node, ["first"]).problem_at("x", 9, 1).source is None


def test_a_node_counts_what_it_holds():
    inner = Node([], 1, 1)
    inner.contain(Node(1, 1, 1))
    outer = Node([], 1, 1)
    outer.contain(inner)
    outer.contain(Node(2, 1, 1))
    assert (outer.size, outer.height) == (4, 3)
