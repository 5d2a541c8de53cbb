"""Days written in a mail, read in every way they can be read.

A day without a year is the one nearest to the day of reading; 3/4 is both 3 April and 4 March.
"""

import re
from collections.abc import Iterator
from datetime import date

_MONTHS = {
    name[:3]: number
    for number, name in enumerate(
        "january february march april may june july august september october november december".split(), 1
    )
}
_MONTH = (
    r"(?P<{0}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = re.compile(
    rf"""(?<![\w.,/-])(?:
        (?P<iso>\d{{4}}-\d{{1,2}}-\d{{1,2}})
      | (?P<first>\d{{1,2}})(?P<mark>[./-])(?P<second>\d{{1,2}})
        (?:(?P=mark)(?P<year>(?:20)?\d\d)|\.(?=[\s,;)]|$)|(?=[\s,;)?!]|\.\s|$))
      | (?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?{_MONTH.format("month")}\b\.?(?:,?\s+(?P<year2>20\d\d))?
      | {_MONTH.format("month2")}\.?\s+(?:the\s+)?(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<year3>20\d\d))?
      | (?:the|on)\s+(?P<alone>\d{{1,2}})(?:st|nd|rd|th)\b
    )""",
    re.VERBOSE | re.IGNORECASE,
)


def written_days(text: str, today: date) -> Iterator[tuple[int, date]]:
    """Each day the text may mean, with the position it is written at."""
    for match in _DAY.finditer(text):
        for day in _readings(match, today):
            yield match.start(), day


def _readings(match: re.Match[str], today: date) -> Iterator[date]:
    if match["iso"]:
        year, month, day = (int(part) for part in match["iso"].split("-"))
        yield from _made(year, month, day, today)
    elif match["first"]:
        first, second = int(match["first"]), int(match["second"])
        yield from _made(_year(match["year"]), second, first, today)
        yield from _made(_year(match["year"]), first, second, today)
    elif match["alone"]:
        for month in (today.month, today.month % 12 + 1):
            yield from _made(None, month, int(match["alone"]), today)
    else:
        name, number = match["month"] or match["month2"], match["day"] or match["day2"]
        yield from _made(_year(match["year2"] or match["year3"]), _MONTHS[name[:3].lower()], int(number), today)


def _year(written: str | None) -> int | None:
    return 2000 + int(written) % 100 if written else None


def _made(year: int | None, month: int, day: int, today: date) -> Iterator[date]:
    """The day, where there is such a one; without a year the nearest."""
    found = []
    for candidate in (year,) if year is not None else (today.year - 1, today.year, today.year + 1):
        try:
            found.append(date(candidate, month, day))
        except ValueError:
            continue
    yield from sorted(found, key=lambda one: abs(one - today))[:1]


def within(day: date, today: date, ahead: int, behind: int) -> bool:
    """Whether a day lies between `behind` days ago and `ahead` days from now."""
    return -behind <= (day - today).days <= ahead
