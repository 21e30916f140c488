"""Users' files: only plain ones are read or replaced, within bounds, and never a file that is an input."""

import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from convcost.core.errors import UsageError
from convcost.system import files
from convcost.system.files import (
    append_text,
    create_text,
    exclusive_lock,
    read_text,
    write_chunks,
    write_text,
)

pytestmark = [pytest.mark.usefixtures("folder"), pytest.mark.skipif(os.name != "posix", reason="POSIX files")]


def refused(work, *arguments):
    with pytest.raises(UsageError) as error:
        work(*arguments)
    return str(error.value)


def names():
    return sorted(path.name for path in Path().iterdir())


def test_a_plain_file_is_read_with_its_line_ends_as_one():
    Path("a").write_bytes("é\r\nb\rc\n".encode())
    assert read_text(Path("a")) == "é\nb\nc\n"


def test_a_pipe_is_not_waited_for():
    os.mkfifo("pipe")
    assert refused(read_text, Path("pipe")) == "pipe is not a regular file"


def test_a_link_to_an_own_device_is_not_read():
    try:
        os.mknod("zero", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("takes a user who may make devices")
    Path("link").symlink_to("zero")
    assert refused(read_text, Path("link")) == "link is not a regular file"


def test_a_sparse_file_of_30_gigabytes_is_refused_unread():
    Path("large").touch()
    os.truncate("large", 30 * 10**9)
    assert refused(read_text, Path("large")) == "large is larger than 64 MiB"
    assert refused(read_text, Path("large"), 2**21) == "large is larger than 2 MiB"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "none can't be read: No such file or directory"),
        (".", ". is a directory"),
        ("a\0b", "can't be read: its name has a null character"),
        ("n" * 300, "can't be read: File name too long"),
    ],
)
def test_what_is_no_file_is_refused(name, message):
    assert refused(read_text, Path(name)).endswith(message)


def test_a_file_is_replaced_with_its_mode_and_owner_kept():
    path = Path("a")
    path.write_text("old")
    path.chmod(0o640)
    if os.getuid() == 0:
        os.chown(path, 1234, 1235)
    before = path.stat()
    write_text(path, "new")
    after = path.stat()
    assert path.read_text() == "new"
    assert after.st_ino != before.st_ino
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert names() == ["a"]


def test_a_new_file_has_the_mode_that_the_mask_leaves():
    before = os.umask(0o027)
    try:
        write_text(Path("a"), "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path("a").stat().st_mode) == 0o640


def test_a_link_stays_and_what_it_names_is_replaced():
    Path("sub").mkdir()
    Path("sub/real").write_text("old")
    Path("link").symlink_to("sub/real")
    write_text(Path("link"), "new")
    assert Path("link").is_symlink()
    assert Path("sub/real").read_text() == "new"


def test_a_device_is_written_to_and_stays_a_device():
    try:
        os.mknod("null", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("takes a user who may make devices")
    write_text(Path("null"), "text")
    append_text(Path("null"), "text")
    assert stat.S_ISCHR(Path("null").stat().st_mode)
    assert names() == ["null"]


def test_a_pipe_with_a_reader_gets_all_of_a_long_text():
    os.mkfifo("pipe")
    found = []
    reader = threading.Thread(target=lambda: found.append(Path("pipe").read_text()), daemon=True)
    reader.start()
    text = "x" * 1_000_000
    for _ in range(600):
        try:
            write_text(Path("pipe"), text)
            break
        except UsageError:  # the reader is not there yet
            time.sleep(0.05)
    reader.join(60)
    assert found == [text]
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)


def test_a_pipe_that_nobody_reads_is_refused_at_once():
    os.mkfifo("pipe")
    assert refused(write_text, Path("pipe"), "x") == "pipe is a pipe without a reader"
    assert refused(append_text, Path("pipe"), "x") == "pipe is a pipe without a reader"


def test_a_reader_that_does_not_read_is_not_waited_for_forever(monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.2)
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert refused(write_text, Path("pipe"), "x" * 10**6) == "pipe was not read for 0.2 seconds"
    finally:
        os.close(reader)


def test_an_open_file_is_written_on_where_it_stands():
    script = (
        "from pathlib import Path; from convcost.system.files import write_text; import os\n"
        "os.write(1, b'before '); write_text(Path('/dev/stdout'), 'text '); os.write(1, b'after')"
    )
    with Path("out").open("wb") as out:
        subprocess.run([sys.executable, "-c", script], stdout=out, check=True)
    assert Path("out").read_text() == "before text after"


def test_a_folder_is_refused():
    Path("sub").mkdir()
    assert refused(write_text, Path("sub"), "x") == "sub can't be written: Is a directory"


@pytest.mark.parametrize("work", [write_text, append_text])
@pytest.mark.parametrize("name", ["a", "./a", "link", "hard", "sub/../a"])
def test_an_input_is_not_written_over_under_any_name(work, name):
    Path("sub").mkdir()
    Path("a").write_text("input")
    Path("link").symlink_to("a")
    os.link("a", "hard")
    message = refused(work, Path(name), "x", [Path("a")])
    assert "is a file that this command reads: a\n" in message
    assert Path("a").read_text() == "input"


def test_an_input_that_is_not_there_yet_is_no_place_for_an_output_either():
    assert "is a file that this command reads" in refused(write_text, Path("a"), "x", [Path("sub/../a")])


def test_the_file_of_a_process_that_was_killed_is_removed_by_the_next_one_and_no_other():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (f".a.{ended.pid}-01234567.tmp", f".a.{os.getpid()}-01234567.tmp", ".a.tmp", ".ab.1-0.tmp"):
        Path(name).touch()
    write_text(Path("a"), "x")
    assert names() == [f".a.{os.getpid()}-01234567.tmp", ".a.tmp", ".ab.1-0.tmp", "a"]


def test_where_the_text_can_not_be_written_the_file_is_as_it_was(monkeypatch):
    Path("a").write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert refused(write_text, Path("a"), "new") == "a can't be written: No space left on device"
    assert (Path("a").read_text(), names()) == ("old", ["a"])


def test_a_file_that_can_not_be_replaced_is_written_in_place(monkeypatch):
    Path("a").write_text("a longer text")

    def busy(*_):
        raise OSError(16, "Device or resource busy")  # as of a file that a container mounts

    monkeypatch.setattr(os, "replace", busy)
    write_text(Path("a"), "new")
    assert (Path("a").read_text(), names()) == ("new", ["a"])


def test_a_file_is_created_once():
    create_text(Path("a"), "first")
    assert refused(create_text, Path("a"), "second").startswith("a already exists\n")
    Path("dangling").symlink_to("nowhere")
    assert refused(create_text, Path("dangling"), "x").startswith("dangling already exists\n")
    assert (Path("a").read_text(), names()) == ("first", ["a", "dangling"])


def test_text_is_added_at_the_end():
    append_text(Path("a"), "one\n")
    append_text(Path("a"), "two\n")
    assert Path("a").read_text() == "one\ntwo\n"


def test_a_file_is_held_by_one_process_at_a_time(monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.2)
    Path("a").touch()
    with exclusive_lock(Path("a")):
        message = "another process has held a for 0.2 seconds"
        assert refused(lambda: exclusive_lock(Path("a")).__enter__()) == message
    with exclusive_lock(Path("a")):
        pass


def test_chunks_become_a_file_that_keeps_its_mode(tmp_path):
    file = tmp_path / "rows.csv"
    write_chunks(file, ["a\n", "b\n"])
    file.chmod(0o600)
    write_chunks(file, (f"{number}\n" for number in range(3)))
    assert file.read_text() == "0\n1\n2\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_chunk_that_fails_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("before")

    def chunks():
        yield "after"
        raise UsageError("no more")

    assert refused(write_chunks, file, chunks()) == "no more"
    assert file.read_text() == "before"
    assert [*tmp_path.iterdir()] == [file]


def test_chunks_are_not_written_to_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    assert "is not a regular file" in refused(write_chunks, tmp_path / "pipe.csv", ["a"])
