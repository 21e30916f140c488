"""Figures of every kind of chart, made by hand."""

from fractions import Fraction

from convcost.render.charts.data import (
    Bar,
    BarChart,
    ChartAxis,
    Figure,
    IcicleChart,
    MarkedPoint,
    Point,
    ReferenceLine,
    Segment,
    Series,
    Tile,
    XYChart,
)

LENGTHS = tuple(2**power for power in range(10))


def curves(first="dense", second="conv", label="dense and conv are equal at L = 420"):
    return XYChart(
        "FLOPs against L",
        ChartAxis("L", is_log=True),
        ChartAxis("FLOPs", "FLOPs", is_log=True),
        (
            Series(first, tuple(Point(length, 20 * length**2) for length in LENGTHS)),
            Series(second, tuple(Point(length, 8400 * length) for length in LENGTHS)),
        ),
        (MarkedPoint(420, 20 * 420**2, label),),
        (ReferenceLine(10**5, f"target of {first}"),),
    )


def scatter(name="Pareto front"):
    return XYChart(
        "designs",
        ChartAxis("parameters", "params"),
        ChartAxis("FLOPs", "FLOPs"),
        (
            Series(name, tuple(Point(each, 2**20 // each) for each in (1, 2, 3, 5, 8)), "points"),
            Series("others", tuple(Point(each, 2**21 // each) for each in (1, 2, 3, 5, 8)), "points"),
        ),
        (MarkedPoint(3, 100_000, "the first"), MarkedPoint(5, 300_000, "the second")),
    )


def memory_bars(name="training"):
    parts = [("parameters", 10**6), ("gradients", 10**6), ("adamw state", 2 * 10**6)]
    return BarChart(
        "Memory",
        ChartAxis("bytes", "B"),
        (
            Bar("forward", (Segment("parameters", 10**6),)),
            Bar(name, tuple(Segment(*part) for part in parts)),
        ),
    )


def timed_bars(name="conv"):
    return BarChart(
        "Measured times",
        ChartAxis("time", "s"),
        (
            Bar("dense", (Segment("measured", Fraction(1, 1000)),), Fraction(1, 2000)),
            Bar(
                name,
                (Segment("measured", Fraction(8, 1000), Fraction(7, 1000), Fraction(9, 1000)),),
                Fraction(2, 1000),
            ),
        ),
        "roofline lower bound",
    )


def icicle(name="layer1"):
    return IcicleChart(
        "FLOPs by submodule",
        ChartAxis("FLOPs", "FLOPs"),
        (
            Tile("model", "", 0, 0, 100),
            Tile(name, name, 1, 0, 40, name),
            Tile("conv", f"{name}.conv", 2, 0, 30, name),
            Tile("norm", f"{name}.norm", 2, 30, 10, name),
            Tile("fc", "fc", 1, 40, 60, "fc"),
        ),
    )


def figure(*charts):
    return Figure("title", charts, "description", ("FLOPs = 2 × MACs.",))


def every_chart(text):
    """All kinds, with `text` wherever a user's text may stand."""
    return figure(
        curves(text, f"{text}2", text), scatter(text), memory_bars(text), timed_bars(text), icicle(text)
    )
