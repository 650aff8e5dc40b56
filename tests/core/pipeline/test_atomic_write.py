"""atomic_write: a file is replaced completely or unchanged; unique drafts; permissions of a new file."""

import os

import pytest

from diface_core.atomic_write import Draft, atomic_folder, atomic_write, remove_drafts


def test_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "file.txt"
    with atomic_write(path) as draft:
        draft.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_exception_leaves_the_old_file_and_no_draft(tmp_path, error):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def write_half() -> None:
        with atomic_write(path) as draft:
            draft.write_text("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_of_one_file_do_not_share_a_draft(tmp_path):
    path = tmp_path / "file.txt"
    first, second = Draft.create(path), Draft.create(path)
    first.path.write_text("first")
    second.path.write_text("second")
    second.commit()
    assert path.read_text() == "second"
    first.commit()
    assert path.read_text() == "first"


def test_file_has_the_permissions_of_a_new_file(tmp_path):
    (tmp_path / "plain").touch()
    with atomic_write(tmp_path / "file.txt") as draft:
        draft.write_text("new")
    assert (tmp_path / "file.txt").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_private_draft_of_a_library_does_not_restrict_the_permissions(tmp_path):
    (tmp_path / "plain").touch()
    with atomic_write(tmp_path / "file.txt") as draft:
        draft.write_text("new")
        draft.chmod(0o600)
    assert (tmp_path / "file.txt").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_long_names_are_accepted(tmp_path):
    with atomic_write(tmp_path / ("ä" * 120 + ".txt")) as draft:
        draft.write_text("new")
    assert len(list(tmp_path.iterdir())) == 1


def test_discarded_draft_is_deleted(tmp_path):
    draft = Draft.create(tmp_path / "file.txt")
    draft.discard()
    draft.discard()
    assert not list(tmp_path.iterdir())


def test_missing_folder_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        Draft.create(tmp_path / "nowhere" / "file.txt")


def test_folder_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "cache" / "folder"
    with atomic_folder(path) as draft:
        (draft / "file").write_text("new")
        assert not path.exists()
    assert (path / "file").read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_exception_leaves_no_folder(tmp_path):
    def write_half() -> None:
        with atomic_folder(tmp_path / "folder") as draft:
            (draft / "file").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_folder_that_another_process_made_meanwhile_stays(tmp_path):
    path = tmp_path / "folder"
    with atomic_folder(path) as draft, atomic_folder(path) as other:
        (draft / "file").write_text("later")
        (other / "file").write_text("first")
    assert (path / "file").read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_only_abandoned_drafts_are_removed(tmp_path):
    (tmp_path / "inner").mkdir()
    old, new, inner = (Draft.create(tmp_path / name).path for name in ("old.txt", "new.txt", "inner/file.txt"))
    (tmp_path / "kept.txt").touch()
    for path in (old, inner):
        os.utime(path, (0, 0))
    remove_drafts(tmp_path, older_than=60)
    assert [old.exists(), new.exists(), inner.exists()] == [False, True, True]
    remove_drafts(tmp_path, recursive=True)
    assert {path.name for path in tmp_path.rglob("*")} == {"kept.txt", "inner"}
