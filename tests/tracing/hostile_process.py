"""What a forward may do to the process that it runs in."""

import contextlib
import decimal
import functools
import gc
import logging
import os
import random
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy
import torch
from torch import nn
from torch.backends import cuda, cudnn, mha
from torch.nn.modules import module as torch_module
from torch.overrides import TorchFunctionMode
from torch.utils import deterministic
from torch.utils._python_dispatch import TorchDispatchMode
from tracing.hostile import Subject, net


class Silent(TorchFunctionMode):
    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return function(*args, **(kwargs or {}))


class SilentDispatch(TorchDispatchMode):
    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return function(*args, **(kwargs or {}))


def enter(manager: Any) -> None:
    """Enter it and never leave."""
    LEFT_OPEN.append(manager)
    manager.__enter__()


LEFT_OPEN: list[Any] = []


def thread() -> None:
    """One that ends by itself."""
    worker = threading.Thread(target=torch.ones, args=(2,))
    worker.start()
    worker.join()


def same(tensor: torch.Tensor) -> torch.Tensor:
    return tensor


def nothing(*_: Any) -> None:
    """For hooks."""


OF_TORCH: dict[str, Callable[[], Any]] = {
    "default device": lambda: torch.set_default_device("meta"),
    "default device as it is": lambda: torch.set_default_device("cpu"),
    "default dtype": lambda: torch.set_default_dtype(torch.float64),
    "threads": lambda: torch.set_num_threads(3),
    "cudnn.benchmark": lambda: setattr(cudnn, "benchmark", True),
    "cudnn.deterministic": lambda: setattr(cudnn, "deterministic", True),
    "cudnn.allow_tf32": lambda: setattr(cudnn, "allow_tf32", False),
    "cudnn.enabled": lambda: setattr(cudnn, "enabled", False),
    "matmul.allow_tf32": lambda: setattr(cuda.matmul, "allow_tf32", True),
    "flash attention": lambda: cuda.enable_flash_sdp(False),
    "memory-efficient attention": lambda: cuda.enable_mem_efficient_sdp(False),
    "math attention": lambda: cuda.enable_math_sdp(False),
    "cudnn attention": lambda: cuda.enable_cudnn_sdp(False),
    "attention fast path": lambda: mha.set_fastpath_enabled(False),
    "float32 matmul precision": lambda: torch.set_float32_matmul_precision("medium"),
    "deterministic algorithms": lambda: torch.use_deterministic_algorithms(True, warn_only=True),
    "fill_uninitialized_memory": lambda: setattr(deterministic, "fill_uninitialized_memory", False),
    "anomaly mode": lambda: torch.autograd.set_detect_anomaly(True, check_nan=False),
    "gradients off": lambda: torch.set_grad_enabled(False),
    "multithreaded autograd": lambda: torch.autograd.set_multithreading_enabled(False),
    "inference mode": lambda: enter(torch.inference_mode()),
    "autocast": lambda: torch.set_autocast_enabled("cpu", True),
    "autocast on CUDA": lambda: torch.set_autocast_enabled("cuda", True),
    "autocast dtype": lambda: torch.set_autocast_dtype("cpu", torch.float16),
    "autocast cache": lambda: torch.set_autocast_cache_enabled(False),
    "autocast left open": lambda: enter(torch.autocast("cpu", dtype=torch.bfloat16)),
    "saved tensor hooks": lambda: enter(torch.autograd.graph.saved_tensors_hooks(same, same)),
    "function mode": lambda: enter(Silent()),
    "dispatch mode": lambda: enter(SilentDispatch()),
    "global forward hook": lambda: torch_module.register_module_forward_hook(nothing),
    "global forward pre-hook": lambda: torch_module.register_module_forward_pre_hook(nothing),
    "global backward hook": lambda: torch_module.register_module_full_backward_hook(nothing),
    "global registration hook": lambda: torch_module.register_module_parameter_registration_hook(nothing),
    "print options": lambda: torch.set_printoptions(precision=2, linewidth=40),
    "torch seed": lambda: torch.manual_seed(1),
    "torch random": lambda: torch.rand(3),
    "patched function": lambda: setattr(nn.functional, "relu", nothing),
    "patched method": lambda: setattr(torch.Tensor, "tolist", nothing),
    "patched module": lambda: setattr(nn.Module, "extra_repr", nothing),
}

OF_PYTHON: dict[str, Callable[[], Any]] = {
    "Python seed": lambda: random.seed(1),
    "Python random": random.random,
    "NumPy seed": lambda: numpy.random.seed(1),
    "NumPy random": lambda: numpy.random.rand(3),
    "warning filter": lambda: warnings.simplefilter("ignore", ResourceWarning),
    "no warning filters": warnings.resetwarnings,
    "sys.path": lambda: sys.path.insert(0, "/nowhere"),
    "sys.argv": lambda: sys.argv.append("--other"),
    "recursion limit": lambda: sys.setrecursionlimit(5000),
    "current folder": lambda: os.chdir("/"),
    "environment": lambda: os.environ.update(CONVCOST_TEST="1"),
    "environment less": lambda: os.environ.pop("PATH", None),
    "signal handler": lambda: signal.signal(signal.SIGUSR1, nothing),
    "SIGINT handler": lambda: signal.signal(signal.SIGINT, nothing),
    "thread": thread,
    "decimal": lambda: setattr(decimal.getcontext(), "prec", 5),
}

ELSEWHERE: dict[str, Callable[[], Any]] = {
    "NumPy errors": lambda: numpy.seterr(all="ignore", over="raise"),
    "NumPy print options": lambda: numpy.set_printoptions(precision=2),
    "showwarning": lambda: setattr(warnings, "showwarning", nothing),
    "switch interval": lambda: sys.setswitchinterval(0.01),
    "excepthook": lambda: setattr(sys, "excepthook", nothing),
    "stdout": lambda: enter(contextlib.redirect_stdout(None)),
    "garbage collection": gc.disable,
    "garbage thresholds": lambda: gc.set_threshold(1000, 5, 5),
    "logging level": lambda: logging.getLogger().setLevel(logging.DEBUG),
    "logging handler": lambda: logging.getLogger().addHandler(logging.NullHandler()),
    "socket timeout": lambda: socket.setdefaulttimeout(9.0),
}


def run_action(module: nn.Module, x: torch.Tensor, act: Callable[[], Any]) -> None:
    act()


CASES: dict[str, Callable[[], Subject]] = {
    f"{group}/{name}": functools.partial(net, functools.partial(run_action, act=act))
    for group, acts in {"torch": OF_TORCH, "python": OF_PYTHON, "elsewhere": ELSEWHERE}.items()
    for name, act in acts.items()
}
