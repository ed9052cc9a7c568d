"""Platforms as people write them."""

from __future__ import annotations

_SHORT = {
    "ig": "instagram", "insta": "instagram", "instagramreels": "instagram", "reels": "instagram",
    "tt": "tiktok", "tik tok": "tiktok", "yt": "youtube", "youtubeshorts": "youtube",
    "shorts": "youtube",
}  # fmt: skip


def platform_name(text: str) -> str:
    """Return a platform as experiments call it: ``tiktok`` for TikTok, Tik Tok and TT."""
    plain = "".join(text.lower().split())
    return _SHORT.get(plain, plain)
