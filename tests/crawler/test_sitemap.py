import gzip

from crawler import sitemap

URL = "https://city.example/sitemap.xml"
XML = b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc> https://city.example/a </loc></url><url><loc>/b</loc></url></urlset>"""
PAGES = ("https://city.example/a", "https://city.example/b")


def test_it_works() -> None:
    assert sitemap.parse(XML, URL).pages == PAGES


def test_packed_once_or_twice() -> None:
    assert sitemap.parse(gzip.compress(XML), URL).pages == PAGES
    assert sitemap.parse(gzip.compress(gzip.compress(XML)), URL).pages == PAGES


def test_an_index_names_more_sitemaps() -> None:
    found = sitemap.parse(b"<sitemapindex><sitemap><loc>/one.xml</loc></sitemap></sitemapindex>", URL)
    assert found == sitemap.Sitemap(sitemaps=("https://city.example/one.xml",))


def test_broken_ones_give_what_can_be_read() -> None:
    assert sitemap.parse(XML.replace(b"</url>", b"").replace(b"</urlset>", b""), URL).pages == PAGES
    assert sitemap.parse(b"https://city.example/a\nhttps://city.example/b\n", URL).pages == PAGES
    for body in (b"", b"<", b"\x1f\x8bnot gzip", b"<urlset><url><loc>javascript:1</loc></url></urlset>"):
        assert sitemap.parse(body, URL) == sitemap.Sitemap()


def test_a_bomb_is_unpacked_to_its_limit() -> None:
    assert len(sitemap.unpacked(gzip.compress(b"\0" * (2 * sitemap.MAX_BYTES)))) == sitemap.MAX_BYTES


def test_no_more_addresses_than_wanted() -> None:
    many = b"".join(b"<url><loc>/%d</loc></url>" % n for n in range(sitemap.MAX_URLS + 10))
    assert len(sitemap.parse(b"<urlset>" + many + b"</urlset>", URL).pages) == sitemap.MAX_URLS
