"""A model that ends its process, or takes too long, is named; other entries are checked all the same."""

import pytest
from config_files import LOCK_FILE, config_of

from convcost.gate.config_file import ConfigError
from convcost.gate.run import run_gate
from convcost.system.workers import can_fork

pytestmark = [
    pytest.mark.usefixtures("folder"),
    pytest.mark.skipif(not can_fork(), reason="needs a system that can fork"),
]

NET = """\
import atexit, faulthandler, os, signal, sys, time
from torch import nn

faulthandler.disable()


class Net(nn.Module):
    def __init__(self, ending):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.ending = ending

    def forward(self, x):
        exec(self.ending)
        return self.fc(x)


class Slow(nn.Module):
    def __init__(self):
        while True:
            pass
"""
INPUT = 'inputs = ["f32[2,4]"]\n'
SPEC = '[entries.spec]\nspec = "Linear(4, 4)"\nmax_flops = 1\n'


def entry(name, ending, more=""):
    return f'[entries.{name}]\nmodel = "net.py:Net"\n{INPUT}args = {{ ending = "{ending}" }}\n{more}'


@pytest.fixture(autouse=True)
def net(folder):
    (folder / "net.py").write_text(NET)


def outcome(*texts, **options):
    """The names of entries that passed, of those that failed, and the problems by key."""
    result = run_gate(config_of(*texts), **options)
    passed = [each.entry.name for each in result.entries if each.passed]
    failed = [each.entry.name for each in result.failed]
    return passed, failed, {each.key: each.message for each in result.problems}


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        ("os._exit(0)", "its process ended with 0 and gave no answer"),
        ("os._exit(3)", "its process ended with 3 and gave no answer"),
        ("os.abort()", "it was ended by SIGABRT"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "it was ended by SIGSEGV"),
        ("os.kill(os.getpid(), 9)", "it was ended by SIGKILL (out of memory?)"),
        ("os.execv('/bin/true', ['true'])", "its process ended with 0 and gave no answer"),
        ("os.closerange(3, 1000)", "its process ended with 1 and gave no answer"),
    ],
)
def test_a_model_that_ends_its_process_is_named_and_those_before_and_after_are_judged(ending, reason):
    passed, failed, problems = outcome(
        entry("first", "pass", "params = 20\n"), entry("bad", ending), entry("last", "pass"), SPEC
    )
    assert (passed, failed) == (["first", "last"], ["spec"])
    assert problems == {"entries.bad.model": f"net.py:Net could not be counted: {reason}"}


@pytest.mark.parametrize(
    "ending",
    [
        "os.close(1); os.close(2)",
        "os.write(1, b'x'); os.write(2, b'x')",
        "os.fork()",
        "os.fork() or (time.sleep(300), os._exit(0))",
        "os.chdir('/')",
        "atexit.register(os._exit, 0)",
        "sys.setrecursionlimit(10**6)",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    ],
)
def test_a_model_that_does_odd_things_and_returns_is_counted_once(ending, capfd):
    passed, failed, problems = outcome(
        entry("odd", ending, "params = 20\nmacs = 32\n"), entry("next", "pass")
    )
    assert (passed, failed, problems) == (["odd", "next"], [], {})


def test_a_program_that_is_asked_to_end_is_an_error_of_the_model():
    _, _, problems = outcome(entry("bad", "sys.exit(0)"), SPEC)
    assert problems["entries.bad.model"].startswith(
        "net.py:Net(ending='sys.exit(0)') could not be run on (2, 4): it ended the program, sys.exit(0)\n"
    )


def test_a_model_that_reads_from_the_terminal_finds_nothing():
    passed, _, problems = outcome(entry("asks", "assert os.read(0, 9) == b''"), entry("next", "pass"))
    assert (passed, problems) == (["asks", "next"], {})


@pytest.mark.parametrize(
    "text",
    [
        entry("bad", "while True: pass", "timeout = 2\n"),
        '[entries.bad]\nmodel = "net.py:Slow"\ntimeout = 2\n',
        "timeout = 2\n" + entry("bad", "time.sleep(60)"),
    ],
)
def test_a_model_that_takes_too_long_is_ended_and_named(text):
    passed, failed, problems = outcome(text, entry("next", "pass", "timeout = 60\n"), SPEC)
    assert (passed, failed) == (["next"], ["spec"])
    [message] = problems.values()
    assert message.endswith(
        "could not be counted: it did not finish within 2 seconds\n"
        "Allow more time: timeout = SECONDS, or --timeout SECONDS."
    )


def test_a_ratio_to_a_model_that_could_not_be_counted_fails():
    base = entry("base", "os._exit(0)")
    passed, failed, problems = outcome(base, SPEC.replace("max_flops = 1", 'ratio_to = "base"\nratio = 1'))
    assert (passed, failed, [*problems]) == ([], ["spec"], ["entries.base.model"])


def test_nothing_is_updated_where_a_model_could_not_be_counted():
    with pytest.raises(ConfigError):
        outcome(entry("bad", "os._exit(0)"), SPEC, update=True)
    assert not LOCK_FILE.exists()


def test_of_specs_alone_no_model_is_run_and_the_others_are_skipped():
    result = run_gate(
        config_of(
            entry("bad", "os._exit(0)"), SPEC, SPEC.replace("spec]", 'to]\nratio_to = "bad"\nratio = 1')
        ),
        specs_only=True,
    )
    assert [each.entry.name for each in result.entries] == ["spec"]
    assert (result.skipped, result.problems) == (("bad", "to"), ())
