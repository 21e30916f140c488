"""A headless Chromium, driven over a pipe by its DevTools protocol, with the network off.

https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import fcntl
import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

CHROMIUM = shutil.which("chromium")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
"""The last one makes it read commands from descriptor 3 and write answers to descriptor 4."""


@contextmanager
def started():
    """A browser; it ends with the block."""
    (its_input, own_output), (own_input, its_output) = _pipe(), _pipe()
    with TemporaryDirectory(prefix="chromium", ignore_cleanup_errors=True) as profile:
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}"]
        wrapped = ["bash", "-c", f'exec "$@" 3<&{its_input} 4>&{its_output}', "bash", *command]
        process = subprocess.Popen(
            wrapped, pass_fds=(its_input, its_output), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(its_input)
        os.close(its_output)
        try:
            with os.fdopen(own_output, "wb", 0) as output, os.fdopen(own_input, "rb", 0) as answers:
                yield Browser(output, answers)
        finally:
            process.kill()
            process.wait()


def _pipe():
    """Both ends of a pipe, at descriptors above those of the browser."""
    ends = os.pipe()
    raised = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return raised


class Browser:
    """Sends commands, and stores events that arrive between answers."""

    def __init__(self, output, answers):
        self._output, self._answers, self._buffer, self._number = output, answers, b"", 0
        self.events = []

    def send(self, method, session=None, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self._output.write(json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def _next(self):
        while b"\0" not in self._buffer:
            data = self._answers.read(65536)
            assert data, "the browser ended"
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    @contextmanager
    def page(self, path, width=1280, dark=False, media=""):
        """Open the page at `path` at this width."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        shown = ShownPage(self, session)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        shown.send("Emulation.setEmulatedMedia", media=media, features=[scheme])
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        shown.send("Emulation.setDeviceMetricsOverride", **metrics)
        for domain in ("Page", "Network", "Log", "Runtime"):
            shown.send(f"{domain}.enable")
        self.events.clear()
        shown.send("Page.navigate", url=Path(path).absolute().as_uri())
        shown.wait_for("Page.loadEventFired")
        yield shown
        self.send("Target.closeTarget", targetId=target)


class ShownPage:
    """An open page: its layout, requests and console."""

    def __init__(self, browser, session):
        self.browser, self.session = browser, session

    def send(self, method, **parameters):
        return self.browser.send(method, self.session, **parameters)

    def wait_for(self, method):
        while not any(event["method"] == method for event in self.browser.events):
            self.browser.events.append(self.browser._next())

    def evaluate(self, expression):
        """The value of a JavaScript expression, which the page's policy does not restrict."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=9)

    def _events(self, *methods):
        return [event["params"] for event in self.browser.events if event["method"] in methods]

    @property
    def requests(self):
        """The addresses that the page requested, its own first."""
        return [event["request"]["url"] for event in self._events("Network.requestWillBeSent")]

    @property
    def complaints(self):
        """The messages on the console."""
        return self._events("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")

    def screenshot(self, path):
        picture = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        Path(path).write_bytes(base64.b64decode(picture["data"]))
