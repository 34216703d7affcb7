"""The checks `yaml` and `xml`."""

from __future__ import annotations

import pytest

from evalkit.checks.xml_text import NotXML, xml_root
from evalkit.checks.yaml_text import MAX_DEPTH

MEGABYTE = "lorem ipsum " * 90_000
BOMB = '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    ("answer", "valid"),
    [
        ("a: 1", True),
        ("a:\n  - b\n  - c: d", True),
        ("- 1\n- 2", True),
        ("{a: 1}", True),
        ('{"a": [1, 2]}', True),
        ("---\na: 1\n...\n", True),
        ("größe: 北京", True),
        ("a: &x 1\nb: *x", True),
        ("a: !!python/object/apply:os.system [ls]", True),
        ("k: " + "x" * 1_000_000, True),
        ("Paris", False),
        ("", False),
        ("# a comment", False),
        ("a: b: c", False),
        ("a: [1, 2", False),
        ("\ta: 1", False),
        ("a: *x", False),
        ("a: 1\n---\nb: 2", False),
        ("a: \0", False),
        ("a: \ud800", False),
        ("```yaml\na: 1\n```", False),
        (MEGABYTE, False),
        ("[" * 1_000_000, False),
        ("- " * 300_000, False),
        ("{" * 1_000_000, False),
        ("? " * 300_000, False),
    ],
)
@pytest.mark.timeout(20)
def test_yaml_is_one_mapping_or_list(find, answer, valid):
    finding = find("yaml", answer)
    assert finding.passed is valid, finding.reason
    assert find("yaml", answer, valid=False).passed is not valid
    assert len(finding.reason) < 400


@pytest.mark.parametrize(
    ("answer", "arguments", "passed", "reason"),
    [
        ("a: 1", {"kind": "mapping"}, True, "is YAML"),
        ("- a", {"kind": "mapping"}, False, "not YAML: a list; it begins '- a'"),
        ("- a", {"kind": "list"}, True, "is YAML"),
        ("Paris", {}, False, "not YAML: a bare text; it begins 'Paris'"),
        (
            "a: b: c",
            {},
            False,
            "not YAML: mapping values are not allowed in this context at line 1 column 5; it begins",
        ),
        ("a: *x", {}, False, "not YAML: the alias 'x' stands for nothing; it begins 'a: *x'"),
        ("```yaml\na: 1\n```", {"within": "fence"}, True, "is YAML"),
        ("So:\n```yaml\na: [\n```", {"within": "fence"}, False, "not YAML: in the code fence: did not find"),
    ],
)
def test_what_the_yaml_must_be_and_where(find, answer, arguments, passed, reason):
    finding = find("yaml", answer, **arguments)
    assert finding.passed is passed
    assert finding.reason.startswith(reason)


@pytest.mark.parametrize(("levels", "passed"), [(MAX_DEPTH, True), (MAX_DEPTH + 1, False)])
def test_yaml_nests_so_deep_and_no_deeper(find, levels, passed):
    assert find("yaml", "[" * levels + "]" * levels).passed is passed


@pytest.mark.parametrize(
    ("answer", "valid"),
    [
        ("<a/>", True),
        ("<a><b c='d'>é北京</b></a>", True),
        ('<?xml version="1.0"?>\n<a/>', True),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>', True),
        ("\n <a>&amp;&#233;<![CDATA[<]]><!-- c --></a> \n", True),
        ("<svg xmlns='http://www.w3.org/2000/svg'/>", True),
        ("<a>" + "x" * 1_000_000 + "</a>", True),
        ("<a>" * 100_000 + "</a>" * 100_000, True),
        ("", False),
        ("Paris", False),
        ("<a>", False),
        ("<a></b>", False),
        ("<a/><b/>", False),
        ("<a b=c/>", False),
        ("<a>&nbsp;</a>", False),
        ("<a>\ud800</a>", False),
        ("<a>\0</a>", False),
        ("Here: <a/>", False),
        ("```xml\n<a/>\n```", False),
        (BOMB, False),
        ('<!DOCTYPE a SYSTEM "http://example.invalid/a.dtd"><a/>', False),
        ("<!DOCTYPE html><html/>", False),
        (MEGABYTE, False),
        ("<" * 1_000_000, False),
        ("<a " * 300_000, False),
    ],
)
@pytest.mark.timeout(20)
def test_xml_is_well_formed_and_has_no_entities_of_its_own(find, answer, valid):
    finding = find("xml", answer)
    assert finding.passed is valid, finding.reason
    assert find("xml", answer, valid=False).passed is not valid
    assert len(finding.reason) < 400


@pytest.mark.parametrize(
    ("answer", "arguments", "passed", "reason"),
    [
        ("<a/>", {"root": "a"}, True, "is XML"),
        ("<a/>", {"root": "b"}, False, "not XML: its root is 'a', not 'b'; it begins '<a/>'"),
        ("<a>", {}, False, "not XML: no element found at line 1 column 4; it begins '<a>'"),
        (BOMB, {}, False, "not XML: a document type declaration, which may hold entities; it begins"),
        ("```xml\n<a/>\n```", {"within": "fence"}, True, "is XML"),
        ("```xml\n<a>\n```", {"within": "fence"}, False, "not XML: in the code fence: no element found"),
    ],
)
def test_what_the_xml_must_be_and_where(find, answer, arguments, passed, reason):
    finding = find("xml", answer, **arguments)
    assert finding.passed is passed
    assert finding.reason.startswith(reason)


def test_an_entity_is_refused_before_it_is_defined():
    with pytest.raises(NotXML, match="document type declaration"):
        xml_root("<!DOCTYPE a [" + "".join(f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};">' for n in range(1, 100)))
