"""Being shut out: told from a page that is simply not there. A block is a result, never something to get around."""

import re

from crawler.answer import Answer

REFUSALS = frozenset({401, 403, 429, 503})
# In a row, on the portal's own site, without a page between them.
ENOUGH = 8
UNAVAILABLE = 3
CHALLENGE = re.compile(
    rb"cf-chl-|challenge-platform|_Incapsula_Resource|/_sec/cp_challenge|px-captcha|ddos-guard|"
    rb"g-recaptcha|h-captcha|Just a moment\.\.\.|awsWafCookieDomainList"
)


def is_refusal(answer: Answer) -> bool:
    return answer.status in REFUSALS


def is_challenge(answer: Answer) -> bool:
    """A page that asks the visitor to prove to be a person, sent instead of what was asked for."""
    if answer.header("cf-mitigated").lower() == "challenge":
        return True
    return is_refusal(answer) and CHALLENGE.search(answer.body[:65536]) is not None


class Blocks:
    """Counts refusals in a row."""

    def __init__(self) -> None:
        self.row = 0

    def see(self, answer: Answer) -> None:
        if is_refusal(answer) or is_challenge(answer):
            self.row += 1
        elif answer.status is not None and answer.status < 400:
            self.row = 0

    def shut_by(self, answer: Answer) -> bool:
        """After the repetitions: too many requests once, or unavailable for several addresses in a row."""
        return answer.status == 429 or (answer.status == 503 and self.row >= UNAVAILABLE)

    @property
    def blocked(self) -> bool:
        return self.row >= ENOUGH
