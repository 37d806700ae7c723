import pytest

from losi.errors import BadId, BadSettings
from losi.workspace import Workspace, checked_id


def test_it_works(tmp_path):
    with Workspace(tmp_path / "new").open_store() as store:
        assert store.rounds() == []


def test_without_a_file_nobody_is_named(tmp_path):
    assert Workspace(tmp_path).settings().identity is None


def test_identity_needs_body_and_contact(tmp_path):
    toml = tmp_path / "losi.toml"
    toml.write_text('[identity]\nbody = "Network"\n')
    assert Workspace(tmp_path).settings().identity is None
    toml.write_text('[identity]\nbody = "Network"\ncontact = "losi@network.example"\n')
    assert Workspace(tmp_path).settings().identity.contact == "losi@network.example"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[identity", "cannot be read"),
        ("[identty]\n", "unknown table"),
        ("identity = 1\n", "expected a table"),
        ("[identity]\nbody = 7\n", "expected a text"),
        ('[crawl]\nopt_out = "a.example"\n', "expected a list"),
        ("[seal]\nkeys = 1\n", "expected a text"),
        ('[seal]\nauthorities = "https://a.example"\n', "expected a list of addresses"),
        ('[seal]\nauthorities = ["ftp://a.example"]\n', "no web address"),
        ('[seal]\nauthorities = ["http://["]\n', "no web address"),
    ],
)
def test_wrong_settings_are_one_line_with_the_remedy(tmp_path, text, said):
    (tmp_path / "losi.toml").write_text(text)
    with pytest.raises(BadSettings, match=said):
        Workspace(tmp_path).settings()


def test_keys_and_authorities(tmp_path):
    toml = tmp_path / "losi.toml"
    toml.write_text(
        '[seal]\nkeys = "~/keys"\nauthorities = ["https://a.example/tsr", "http://b.example:80/"]\n'
    )
    settings = Workspace(tmp_path).settings()
    assert settings.keys == "~/keys"
    assert settings.authorities == ("https://a.example/tsr", "http://b.example:80/")


@pytest.mark.parametrize("given", ["", "Round 1", "../x", "a/b", "ä"])
def test_names_that_no_folder_may_have(given):
    with pytest.raises(BadId):
        checked_id(given)
