"""Tests of the link check of Markdown files."""

from pathlib import Path

import pytest

from tools.build import paths
from tools.build.console import BuildError
from tools.build.documentation import anchors, broken_links, check_links, markdown_files, slugify


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty page beside another page with two headings, and a picture."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    (tmp_path / "other.md").write_text("# First *steps*, in `Blender`\n\ntext\n\n## Again\n\n## Again\n")
    (tmp_path / "a picture.png").write_bytes(b"")
    return tmp_path / "page.md"


@pytest.mark.parametrize(
    "link",
    [
        "[a](other.md)",
        "[a](other.md#first-steps-in-blender)",
        "[a](other.md#again-1)",
        "[a](#here)",
        "![a](a%20picture.png)",
        "[![a](a%20picture.png)](other.md)",
        '[a](other.md "with a title")',
        "[a](https://example.org/absent)",
        "`[a](absent.md)`",
        "    [a](absent.md)",
        "```\n[a](absent.md)\n```",
    ],
)
def test_valid_link_passes(link: str, page: Path) -> None:
    page.write_text(f"# Here\n\n{link}\n")
    assert list(broken_links(page)) == []


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("[a](absent.md)", "absent.md"),
        ("[a](other.md#absent)", "other.md#absent"),
        ("[a](other.md#again-2)", "other.md#again-2"),
        ("[a](#absent)", "#absent"),
        ("![a](absent.png)", "absent.png"),
        ("[![a](a%20picture.png)](absent.md)", "absent.md"),
        ("[two words](\nother.md) [a](absent.md)", "absent.md"),
    ],
)
def test_broken_link_is_found(link: str, target: str, page: Path) -> None:
    page.write_text(f"# Here\n\n{link}\n")
    assert list(broken_links(page)) == [f"page.md: {target}"]


def test_check_lists_all_broken_links(page: Path) -> None:
    page.write_text("[a](one.md) and [b](two.md)\n")
    with pytest.raises(BuildError, match=r"(?s)page\.md: one\.md.*page\.md: two\.md"):
        check_links()


def test_anchors_are_those_of_code_hosts(page: Path) -> None:
    assert anchors(page.with_name("other.md")) == {"first-steps-in-blender", "again", "again-1"}
    assert slugify("What's new? (0.2.0)") == "whats-new-020"


def test_links_of_the_project_are_valid() -> None:
    assert len(markdown_files()) > 10
    check_links()
