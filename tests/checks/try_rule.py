"""Try a rule on an HTML file: `tests/checks/try_rule.py RULE FILE.html [--url URL] [--language pt]`.

The file's first lines may hold `<!-- url: … -->`, `<!-- inbound: words of the link -->`,
`<!-- role: home -->`,
`<!-- country: PT -->` and `<!-- city: Name -->`, as the pages of tests/rules do. RULE may be `all`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from checks.roles import barred, is_news
from checks.rule import load_rules
from checks.rulebook import load_rulebook
from checks.sighting import _Look, page_topics
from tests.checks.example import read_example


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("rule")
    parser.add_argument("file", type=Path)
    parser.add_argument("--url")
    parser.add_argument("--language")
    options = parser.parse_args()
    example = read_example(options.file, load_rulebook(), url=options.url, language=options.language)
    page, context = example.page, example.context
    topics = page_topics(page, context)
    print(f"language {page.language} (declared {page.declared_language!r}), {page.words} words of main text")
    print(
        f"title {page.title!r}; barred: {barred(page, context) or 'no'}; news item: {is_news(page, context)}"
    )
    print(f"topics: {', '.join(sorted(topics))}")
    for rule_id, rule in load_rules(None if options.rule == "all" else [options.rule]).items():
        look = _Look(page, rule, context, topics)
        sighting = look.sighting()
        if options.rule == "all" and (sighting is None or sighting.outcome == "lead"):
            continue
        print(
            f"\n{rule_id}: {example.judge(rule).outcome}",
            f"(this page: {sighting.outcome if sighting else 'nothing'})",
        )
        for name, spec in rule.signals.items():
            fired = look.fired(name)
            veto = " VETO" if name in rule.unless else ""
            print(f"  {'+' if fired else '-'} {name} ({spec.family}/{spec.kind}){veto}")
            for one in fired:
                print(f"      {one.quote!r} term={one.term!r} {one.topic}")


if __name__ == "__main__":
    main()
