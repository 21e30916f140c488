"""A group of options: in a command's signature they stand in its place, in its function it is one value."""

from dataclasses import dataclass
from inspect import signature
from typing import Annotated

import typer

from convcost.cli.commands import expand_groups

Width = Annotated[int, typer.Option("--width", help="in columns")]


@dataclass(frozen=True)
class Size:
    width: Width = 80
    height: Annotated[int, typer.Option("--height", help="in rows")] = 24
    depth: int = 1


def test_the_options_of_a_group_stand_in_its_place_in_their_order():
    def command(name: str, *, size: Size, color: bool = False) -> None: ...

    assert [*signature(expand_groups(command)).parameters] == ["name", "width", "height", "color"]


def test_the_function_gets_the_group_with_the_values_of_its_options():
    seen = []

    def command(name: str, *, size: Size) -> None:
        seen.append((name, size))

    expand_groups(command)(name="screen", width=100, height=50)
    assert seen == [("screen", Size(100, 50))]


def test_a_field_that_is_no_option_keeps_its_default():
    seen = []

    def command(*, size: Size) -> None:
        seen.append(size.depth)

    expand_groups(command)(width=1, height=1)
    assert seen == [1]


def test_an_option_that_the_command_declares_itself_is_described_there_and_goes_to_both():
    seen = []
    Own = Annotated[int, typer.Option("--height", help="of the page")]  # noqa: N806

    def command(height: Own = 60, *, size: Size) -> None:
        seen.append((height, size.height))

    expanded = expand_groups(command)
    parameters = signature(expanded).parameters
    assert [*parameters] == ["height", "width"]
    assert parameters["height"].annotation.__metadata__[0].help == "of the page"
    expanded(width=1, height=2)
    assert seen == [(2, 2)]
