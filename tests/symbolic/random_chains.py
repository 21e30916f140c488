"""Generated chains of layers whose sizes are names, their multiples, sums, quotients and halves."""

NAMES = ["C", "D", "E", "F", "G", "H", "K", "L", "P", "W"]

SIZES = (
    lambda random: str(random.choice([1, 1, 2, 3])),
    lambda random: str(random.choice([4, 6, 8])),
    lambda random: random.choice(NAMES),
    lambda random: random.choice(NAMES),
    lambda random: random.choice(NAMES),
    lambda random: f"{random.choice([2, 3])}{random.choice(NAMES)}",
    lambda random: f"{random.choice(NAMES)}+{random.choice(['1', '2', *NAMES])}",
    lambda random: f"{random.choice(NAMES)}-{random.choice(['1', '2', *NAMES])}",
    lambda random: f"{random.choice(NAMES)}//{random.choice([2, 3])}",
    lambda random: f"{random.choice(NAMES)}/{random.choice([2, 3])}",
    lambda random: f"{random.choice(NAMES)}*{random.choice(NAMES)}",
)


def size(random):
    return random.choice(SIZES)(random)


def small(random):
    """A kernel, a stride: a number half the time."""
    return str(random.choice([1, 1, 2, 3])) if random.random() < 0.4 else size(random)


def options(random, **chances):
    """Arguments by name, each there as often as its chance says."""
    return "".join(
        f", {name}={small(random)}" for name, chance in chances.items() if random.random() < chance
    )


def layer(random, channels):
    """A layer on that many channels, and how many it yields."""
    kind, outputs = random.random(), size(random)
    if kind < 0.4:
        given = options(random, stride=0.4, padding=0.4, dilation=0.25, groups=0.25)
        return f"Conv1d({channels}, {outputs}, {small(random)}{given})", outputs
    if kind < 0.55:
        given = options(random, stride=0.4, padding=0.3, output_padding=0.1, groups=0.2, dilation=0.15)
        return f"ConvTranspose1d({channels}, {outputs}, {small(random)}{given})", outputs
    if kind < 0.85:
        name, dilation = random.choice([("MaxPool1d", 0.15), ("AvgPool1d", 0)])
        given = options(random, stride=0.4, padding=0.3, dilation=dilation)
        ceil_mode = ", ceil_mode=True" if random.random() < 0.3 else ""
        return f"{name}({small(random)}{given}{ceil_mode})", channels
    if kind < 0.9:
        return f"AdaptiveAvgPool1d({size(random)})", channels
    return ("ReLU" if kind < 0.95 else f"Linear({size(random)}, {outputs})"), channels


def chain(random):
    """One to four layers on a batch of sequences; with a name among its sizes."""
    channels = size(random)
    text = f"[{random.choice(['1', 'B'])}, {channels}, {random.choice(NAMES)}]"
    for _ in range(random.randint(1, 4)):
        fitting = channels if random.random() < 0.85 else size(random)
        found, channels = layer(random, fitting)
        text += f" -> {found}"
    return text


def points(random, names, count):
    """Sizes for the names: alike, that divide one another, or anything."""
    for place in range(count):
        top = random.choice([2, 4, 8, 16, 40])
        sizes = {name: random.randint(1, top) for name in names}
        if place % 3 == 0:
            alike = random.sample(list(sizes), random.randint(1, len(sizes)))
            sizes |= dict.fromkeys(alike, random.randint(1, top))
        if place % 3 == 1:
            sizes = {name: random.choice([1, 2, 3, 4, 6, 12, 24]) for name in names}
        yield sizes
