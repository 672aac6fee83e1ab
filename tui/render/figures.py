"""Numbers as people read them: tokens, money, shares, times, sizes. Pure text, for the screen and the command line."""

from __future__ import annotations

UNKNOWN = "–"
"""Stands where a figure is not known: a model without a price, a chat without an answer."""


def tokens(count: int) -> str:
    """A count in at most five characters: 214, 1.2k, 12.4k, 128k, 1.2M."""
    if count < 1_000:
        return str(count)
    if count < 99_950:
        return _trimmed(count / 1_000) + "k"
    if count < 999_500:
        return f"{count / 1_000:.0f}k"
    return _trimmed(count / 1_000_000) + "M"


def money(usd: float | None) -> str:
    """US dollars: $0, <$0.001, $0.021, $0.18, $12.40, $1,240. Small sums get a third decimal, large ones lose theirs."""
    if usd is None:
        return UNKNOWN
    sign, size = ("-", -usd) if usd < 0 else ("", usd)
    if size == 0:
        return "$0"
    if size < 0.0005:
        return f"{sign}<$0.001"
    if size < 0.0995:
        return f"{sign}${size:.3f}"
    if size < 999.995:
        return f"{sign}${size:.2f}"
    return f"{sign}${size:,.0f}"


def price(usd_per_million: float) -> str:
    """A list price, without zeros that say nothing: $2, $0.1, $2.50."""
    text = f"{usd_per_million:.2f}"
    whole, _, cents = text.partition(".")
    if cents == "00":
        return f"${whole}"
    return f"${whole}.{cents.rstrip('0')}" if usd_per_million < 1 else f"${text}"


def about(text: str) -> str:
    """A figure that is an estimate: ~214, ~$0.012. One that says so already stays as it is: <$0.001."""
    return text if text.startswith("<") or text == UNKNOWN else f"~{text}"


def percent(share: float | None) -> str:
    """A share from 0 to 1: 94 %. It says 0 or 100 only where that is exact."""
    if share is None:
        return UNKNOWN
    if share <= 0:
        return "0 %"
    if share >= 1:
        return "100 %"
    if share < 0.01:
        return "<1 %"
    return f"{min(99, round(share * 100))} %"


def seconds(span_s: float) -> str:
    """How long something took: 0.4 s, 3.1 s, 42 s, 4:12, 1:04:12."""
    if span_s < 9.95:
        return f"{max(0.0, span_s):.1f} s"
    if span_s < 59.5:
        return f"{span_s:.0f} s"
    return clock(span_s)


def clock(span_s: float) -> str:
    """A span as minutes and seconds, for what counts down: 0:07, 4:12, 1:04:12."""
    whole = max(0, round(span_s))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count_bytes: int) -> str:
    """A size in bytes: 812 B, 88 KB, 1.1 MB."""
    if count_bytes < 1_000:
        return f"{count_bytes} B"
    if count_bytes < 999_500:
        return f"{count_bytes / 1_000:.0f} KB"
    return f"{count_bytes / 1_000_000:.1f} MB"


def plural(count: int, noun: str) -> str:
    """1 line, 2 lines, 1,200 lines."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _trimmed(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
