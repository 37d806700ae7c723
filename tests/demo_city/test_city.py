"""What holds of every fictitious city in the folder, whoever wrote it."""

import datetime as dt

from demo_city.app import Site

# The 95 codes of the 2024 edition.
CODES = set(
    """
    201 202 204 205 206 207 208 209 210 212 214 215 216 217 218 219 220 221 222 223 224 225a 225b
    226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 243 245 246 247 250 252 253
    254 255 256 257 258 259 260 261 262 263 264 265 266 267 268 269a 269b 270a 270b 271 272 273 274
    275 276 277 278 279 280 281 282 283 284 285 286 287 288 289 290 291 292 293 294 295 296 297 298
    299
    """.split()
)
PERSONS = {"201", "202", "246", "247", "250", "252"}


def test_it_works(portal):
    home = portal.get(portal.address("/"))
    assert home.status_code == 200
    assert portal.city.languages[0] in {"en", "pt", "hi"}


def test_a_city_has_between_30_and_80_pages(portal):
    assert 30 <= len(portal.pages) <= 80


def test_every_page_is_served(portal):
    assert {url for url in portal.pages if portal.get(url).status_code != 200} == set()


def test_every_own_link_leads_somewhere(portal):
    dead = set(portal.city.flags.get("dead_links", ()))
    links = {link for url in portal.pages for link in portal.links(url) if portal.own(link)}
    lost = {link for link in links if not portal.exists(link)}
    assert lost - {portal.address(where) for where in dead} == set()


def test_declared_dead_links_are_really_linked(portal):
    links = {link for url in portal.pages for link in portal.links(url)}
    assert {portal.address(where) for where in portal.city.flags.get("dead_links", ())} <= links


def test_all_codes_are_answered(portal):
    assert set(portal.city.answers) == CODES
    outcomes = {code: said["answer"] for code, said in portal.city.answers.items()}
    assert set(outcomes.values()) <= {"passed", "failed", "untested"}
    assert {code for code, outcome in outcomes.items() if outcome == "untested"} == PERSONS


def test_every_answer_says_why(portal):
    assert [code for code, said in portal.city.answers.items() if not said.get("why")] == []


def test_every_passed_answer_has_proof(portal):
    """A failed answer may name a page too where a measurement of it failed."""
    proved = {code for code, said in portal.city.answers.items() if said.get("page")}
    passed = {code for code, said in portal.city.answers.items() if said["answer"] == "passed"}
    assert passed <= proved
    assert proved - passed <= {"204", "206", "208", "209", "210"}


def test_proofs_and_traps_exist(portal):
    named = {
        where
        for said in portal.city.answers.values()
        for key in ("page", "traps")
        for where in said.get(key, ())
    }
    broken = {where for where in named if not portal.exists(portal.address(where))}
    assert broken - set(portal.city.flags.get("dead_links", ())) == set()


def test_redirects_and_mirrors_lead_to_pages(portal):
    flags = portal.city.flags
    targets = {*flags.get("mirror", {}).values(), *flags.get("redirects", {}).values()}
    own = {target for target in targets if target.startswith("/")}
    assert {target for target in own if not portal.exists(portal.address(target))} == set()


def test_a_page_is_the_same_bytes_all_day(portal):
    again = type(portal)(portal.city)
    assert {url for url, text in portal.pages.items() if again.get(url).text != text} == set()


def test_fresh_content_moves_with_the_day(portal):
    later = dt.date(2027, 3, 1)
    site = Site(portal.city, "main", portal.origins, today=later)
    moved = [
        where for where in site.press.html if site.press.page(where) != portal.pages[portal.address(where)]
    ]
    assert moved


def test_notes_are_off_by_default(portal):
    assert [url for url, text in portal.pages.items() if "losi-note" in text] == []


def test_every_proof_carries_its_note(portal):
    noted = type(portal)(portal.city, notes=True)
    bare = {
        (code, where)
        for code, said in portal.city.answers.items()
        for where in said.get("page", ())
        if portal.address(where) in portal.pages
        and f"indicator {code}." not in noted.pages[portal.address(where)]
    }
    assert bare == set()


def test_no_page_names_a_host_of_this_machine(portal):
    assert [url for url, text in portal.pages.items() if "localhost" in text or "127.0.0.1" in text] == []
