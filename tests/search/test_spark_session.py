"""Spark is started with nothing printed and nothing left behind; where it can't be, one line says why."""

import shutil
import signal
import socket
import subprocess
import sys

import pytest

pytest.importorskip("pyspark", reason="pyspark is not installed")

from cli_runner import COMMAND, environment, interruptible

from convcost.core.errors import UsageError
from convcost.search.engines.spark.session import check_master, spark_session

NEEDS_JAVA = pytest.mark.skipif(not shutil.which("java"), reason="Spark needs Java 17")

START = """
import os, signal, sys
from convcost.core.errors import ConvcostError
from convcost.search.engines.spark.session import spark_session
before = signal.getsignal(signal.SIGINT)
try:
    with spark_session("local[1]") as session:
        assert signal.getsignal(signal.SIGINT) is before
        print(session.sql("select 1 as one").collect())
except ConvcostError as error:
    print(error, error.hint, sep="\\n")
print(os.listdir())
"""


@pytest.mark.parametrize(
    ("master", "message"),
    [
        ("foo://x", "foo://x is not a Spark master"),
        ("local[2] --conf x", "is not a Spark master"),
        ("spark://a b:1", "is not a Spark master"),
        ("sc://host", "sc://host is not a Spark master"),
        ("spark://127.0.0.1", "spark://127.0.0.1 can't be reached"),
        ("spark://127.0.0.1:99999999", "can't be reached"),
        ("spark://127.0.0.1:x,127.0.0.1:y", "can't be reached"),
    ],
)
def test_a_wrong_master_is_refused_before_spark_is_started(master, message):
    with pytest.raises(UsageError, match=message):
        check_master(master)


def test_a_master_that_nobody_listens_for_is_named_at_once():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(UsageError, match="can't be reached"):
            check_master(f"spark://127.0.0.1:{unused.getsockname()[1]}")


def test_a_master_of_several_addresses_needs_one_that_answers():
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_master(f"spark://127.0.0.1:1,127.0.0.1:{server.getsockname()[1]}")


def test_without_java_it_is_said_what_to_install(folder, monkeypatch):
    for program in ("bash", "dirname", "uname"):
        (folder / program).symlink_to(shutil.which(program))
    environment = {"PATH": str(folder), "PYTHONPATH": ":".join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", START], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[:2] == [
        "Spark did not start: JAVA_HOME is not set",
        "It needs Java 17: apt-get install openjdk-17-jre-headless.",
    ]


def test_as_java_is_ended_a_command_that_waits_for_it_prints_nothing(tmp_path):
    """Py4J logs the first message; another library may log the second."""
    program = f"""
import logging
from convcost.search.engines.spark.session import _end
_end([], {str(tmp_path / "gone")!r})
logging.error("Exception while sending command.")
logging.error("something else")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "ERROR:root:something else\n"


@pytest.fixture
def java(tmp_path, monkeypatch):
    """A Java that does nothing, as the only one."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").write_text("#!/bin/sh\necho 'Error: this is Java 8' >&2\nexit 1\n")
    (tmp_path / "bin" / "java").chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))


def test_a_java_that_fails_is_quoted(java, folder):
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[0] == "Spark did not start: Error: this is Java 8"


@pytest.mark.spark
@NEEDS_JAVA
def test_nothing_is_printed_and_nothing_is_left(folder, tmp_path_factory, monkeypatch):
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout == "[Row(one=1)]\n[]\n"
    assert [*temporary.iterdir()] == []


@pytest.mark.spark
@NEEDS_JAVA
def test_a_signal_ends_java_too_and_leaves_no_folder(folder, tmp_path_factory, monkeypatch):
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    command = ["sweep", "Linear(E, F)", "--over", "E=1:1000000", "--over", "F=1:1000000", "--engine", "spark"]
    process = subprocess.Popen(
        [*COMMAND, *command], stderr=subprocess.PIPE, env=environment(), preexec_fn=interruptible
    )
    try:
        assert b"points of the grid" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 128 + signal.SIGINT
    assert [*temporary.iterdir()] == []


@pytest.mark.spark
def test_the_spark_that_runs_is_used_and_goes_on(spark):
    with spark_session() as session:
        assert session.sparkContext is spark.sparkContext
    assert spark.sql("select 1").collect()
    with pytest.raises(UsageError, match=r"with the master local\[2\]"), spark_session("local[1]"):
        pass


@pytest.mark.spark
@pytest.mark.parametrize("sum_", ["9223372036854775807 + 1", "cast(repeat('9', 38) as decimal(38, 0)) + 1"])
def test_an_overflow_is_an_error(spark, sum_):
    from pyspark.errors import ArithmeticException

    with pytest.raises(ArithmeticException), spark_session() as session:
        session.sql(f"select {sum_}").collect()
