"""Seals as documents, set against the standards they name: RFC 8785, RFC 6962, Ed25519."""

import base64
import hashlib
import json

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from evidence_store import Fingerprint, Head, Signer
from evidence_store.seal import chained, parse_seal, seal_document, seal_number, time_after
from evidence_store.verifier import Tree, canonical, leaf

ASCII = st.text(st.characters(max_codepoint=0x7E), max_size=8)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PLAIN = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | WORDS


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


@pytest.fixture(scope="module")
def signer(own_keys):
    return Signer.open(own_keys)


def document(signer, **changed):
    fields = {
        "of": "r/lima",
        "number": 1,
        "previous": "",
        "segment": "a-1.warc.gz",
        "records": 3,
        "root": b"\7" * 32,
        "sealed": "2026-11-23T12:00:00Z",
        "software": "losi 0",
    }
    return seal_document(signer, **(fields | changed))


def test_it_works(signer):
    data = document(signer)
    read = json.loads(data)
    assert data == rfc8785.dumps(read)
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signer.key.removeprefix("ed25519:")))
    public.verify(base64.b64decode(read["signature"]), rfc8785.dumps(read["seal"]))
    assert read["seal"]["sealed"] == "2026-11-23T12:00:00Z"
    seal = parse_seal(data)
    assert (seal.of, seal.number, seal.records, seal.name) == ("r/lima", 1, 3, "seal-0001.json")
    assert seal.root == "sha256:" + "07" * 32
    assert seal.digest == "sha256:" + hashlib.sha256(data).hexdigest()


@given(
    st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ASCII, inner, max_size=4))
)
def test_canonical_is_rfc_8785(value):
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("count", [*range(35), 64, 65, 127, 1000])
def test_the_tree_is_that_of_rfc_6962(count):
    leaves = [str(number).encode() for number in range(count)]
    tree = Tree()
    for one in leaves:
        tree.add(leaf(one))
    assert (tree.root(), tree.count) == (mth(leaves), count)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda seal: seal.pop("of"),
        lambda seal: seal.update(more=1),
        lambda seal: seal.update(schema="losi-seal/2"),
        lambda seal: seal.update(number="1"),
        lambda seal: seal.update(number=True),
        lambda seal: seal.update(records=1.5),
        lambda seal: seal.update(key=None),
    ],
)
def test_what_is_no_seal_is_refused(signer, spoil):
    read = json.loads(document(signer))
    spoil(read["seal"])
    with pytest.raises(ValueError, match="seal"):
        parse_seal(json.dumps(read).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"seal": 1}', b"\xff", b"{" * 10])
def test_what_is_no_document_is_refused(data):
    with pytest.raises(ValueError):  # noqa: PT011 whichever part of it is wrong
        parse_seal(data)


def chain(signer, length=3):
    seals, previous = [], ""
    for number in range(1, length + 1):
        data = document(signer, number=number, previous=previous, segment=f"{number}.warc.gz")
        seals.append(parse_seal(data))
        previous = seals[-1].digest
    return seals


def test_a_chain(signer):
    seals = chain(signer)
    assert list(chained(iter(seals), "r/lima")) == seals
    same = [*seals, parse_seal(document(signer, number=4, previous=seals[-1].digest, segment="2.warc.gz"))]
    for broken in (seals[1:], [seals[0], seals[2]], seals[::-1], [seals[0], *seals], same):
        with pytest.raises(ValueError, match="does not follow"):
            list(chained(iter(broken), "r/lima"))
    with pytest.raises(ValueError, match="does not follow"):
        list(chained(iter(seals), "r/porto"))


def test_a_clock_that_was_set_back():
    assert time_after("2999-01-01T00:00:00Z") == "2999-01-01T00:00:00Z"
    assert "2026-01-01T00:00:00Z" < time_after("2000-01-01T00:00:00Z") < "2999"


def test_names_of_seals():
    assert [seal_number(f"seal-{name}.json") for name in ("0001", "0012", "10000", "1", "abcd")] == [
        1,
        12,
        10000,
        None,
        None,
    ]


def test_a_fingerprint():
    made = Fingerprint("r", "2026-11-23", {"porto": Head(2, "sha256:b"), "": Head(1, "sha256:a")}, "r/f.json")
    assert made.document == rfc8785.dumps(
        {
            "schema": "losi-fingerprint/1",
            "round": "r",
            "day": "2026-11-23",
            "heads": {
                "": {"number": 1, "seal": "sha256:a"},
                "porto": {"number": 2, "seal": "sha256:b"},
            },
        }
    )
    assert made.digest == "sha256:" + hashlib.sha256(made.document).hexdigest()
    assert Fingerprint.parse(made.document, "r/f.json") == made
    for spoiled in (b"[]", b"{}", b'{"heads": 1, "round": "r", "day": ""}', b'{"heads": {"a": 1}}'):
        with pytest.raises(ValueError):  # noqa: PT011 whichever part of it is wrong
            Fingerprint.parse(spoiled, "")
