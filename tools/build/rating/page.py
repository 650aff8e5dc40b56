"""The page of a comparison: one HTML file with the videos in it, which needs no server and no network."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path

from .pairs import VIDEO_TYPES, Pair

TEMPLATE = Path(__file__).with_name("page.html")


def make_page(pairs: list[Pair], names: tuple[str, str], question: str) -> str:
    """Return the page.

    Args:
        pairs: Pairs of videos.
        names: Names of both sets, which only the results state.
        question: What a rater answers for each pair.
    """
    clips = [{"name": pair.name, "videos": [_data_url(pair.a), _data_url(pair.b)]} for pair in pairs]
    data = json.dumps({"names": names, "question": question, "clips": clips}).replace("</", "<\\/")
    page = TEMPLATE.read_text("utf-8").replace("QUESTION", html.escape(question))
    return page.replace("DATA", data)


def _data_url(video: Path) -> str:
    return f"data:{VIDEO_TYPES[video.suffix.lower()]};base64,{base64.b64encode(video.read_bytes()).decode()}"
