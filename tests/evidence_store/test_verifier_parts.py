"""What the stand-alone verifier reckons with: Ed25519, the tree, canonical JSON, keys as text, records."""

import hashlib
import random
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence_store import verifier
from evidence_store.verifier import Fault, Tree, canonical, public_key, signs
from tests.evidence_store import bundles
from tests.evidence_store.bundles import OURS

# RFC 8032, 7.1: key, message, signature
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize("vector", VECTORS)
def test_it_works(vector):
    key, message, signature = map(bytes.fromhex, vector)
    assert signs(key, signature, message)
    assert not signs(key, signature, message + b"x")


def test_ed25519_as_cryptography_has_it():
    chance = random.Random(5)
    for length in range(12):
        message = chance.randbytes(length)
        signature, key = OURS.private.sign(message), bytes.fromhex(OURS.name[8:])
        assert signs(key, signature, message)
        place = chance.randrange(64)
        wrong = bytearray(signature)
        wrong[place] ^= 1
        assert not signs(key, bytes(wrong), message)
        larger = int.from_bytes(signature[32:], "little") + verifier.L
        assert not signs(key, signature[:32] + larger.to_bytes(32, "little"), message)


def test_a_key_that_fits_every_message_is_none():
    neutral = (1).to_bytes(32, "little")
    assert not signs(neutral, neutral + bytes(32), b"anything")


def test_the_tree_is_that_of_rfc_6962():
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(40)]
    tree = Tree()
    for count in range(41):
        assert tree.root() == bundles.root(leaves[:count])
        if count < 40:
            tree.add(leaves[count])


def test_canonical():
    assert canonical({"b": [1, None, True], "a": 'é\u2028\x7f"\\\n\x01'}) == (
        '{"a":"é\u2028\x7f\\"\\\\\\n\\u0001","b":[1,null,true]}'.encode()
    )
    for odd in (1.5, {"é": 1}, {1: 2}, 1 << 60, "\ud800", b""):
        with pytest.raises(Fault):
            canonical(odd)


def test_keys_are_read_from_text_and_pem():
    pem = OURS.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert public_key(pem) == public_key(f"key: {OURS.name}\n") == public_key(OURS.name[8:]) == OURS.name
    with pytest.raises(Fault):
        public_key("none")


def test_heads_say_where_each_record_stands(tmp_path):
    records = bundles.usual()["crawl-1.warc.gz"]
    path = tmp_path / "x.warc.gz"
    path.write_bytes(b"".join(bundles.member(one.head, one.block) for one in records))
    with path.open("rb") as file:
        found = list(verifier.heads(file))
    assert [one.head for one in found] == [one.head for one in records]
    assert all(one.offset + one.length == two.offset for one, two in pairwise(found))
    assert found[-1].offset + found[-1].length == path.stat().st_size
