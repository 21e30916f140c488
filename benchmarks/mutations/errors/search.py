"""Deliberate errors in sweeps: the grid, its condition, what is possible and kept, variants of modules."""

from benchmarks.mutations.mutation import Family

SEARCH = Family(
    "search",
    (),
    (
        *("tests/search/test_sweep.py", "tests/search/test_where.py", "tests/search/test_tabulate.py"),
        *("tests/search/test_sweep_modules.py", "tests/search/test_variants.py"),
    ),
    "search/grid_blocks.py",
)
SEARCH.error(
    "a range without its stop",
    "found = range(start, stop + 1, step)",
    "found = range(start, stop, step)",
    "search/grid.py",
)
SEARCH.error(
    "powers without the last one",
    "for exponent in range(int(first[2]), int(last[2]) + 1)",
    "for exponent in range(int(first[2]), int(last[2]))",
    "search/grid.py",
)
SEARCH.error(
    "sizes that are negative", "return value if value >= 0 else None", "return value", "search/grid.py"
)
SEARCH.error(
    "the first size changing fastest",
    "np.unravel_index(points, grid.lengths)",
    'np.unravel_index(points, grid.lengths, order="F")',
)
SEARCH.error(
    "a range that starts a step later",
    "part.start + part.step * (at[here] - start)",
    "part.start + part.step * (at[here] - start + 1)",
)
SEARCH.error(
    "formulas once for all", "_, first, inverse = np.unique(key,", "_, first, inverse = np.unique(0 * key,"
)
SEARCH.error(
    "the reference's impossible points once",
    "self._count(table.impossible, len(plan.designs))",
    "self._count(table.impossible)",
)
SEARCH.error(
    "impossible rows kept",
    "RowBlock(number, points, columns, quantities, reference).where(table.possible)",
    "RowBlock(number, points, columns, quantities, reference)",
)
SEARCH.error("a condition that is not asked", "block = block.where(self._condition_mask(block))", "pass")
SEARCH.error(
    "numbers of 64 bits that overflow",
    "fits = values.dtype != object and low >= -(2**63) and high < 2**63",
    "fits = values.dtype != object",
)
SEARCH.error(
    "arguments of another variant",
    "return self.arguments[design] if self.arguments",
    "return self.arguments[0] if self.arguments",
)
SEARCH.error(
    '"or" as "and"',
    "_combine_terms(operator.or_, terms, values)",
    "_combine_terms(operator.and_, terms, values)",
    "search/where.py",
)
SEARCH.error(
    "a comparison by numerators", "RELATIONS[sign](a * d, c * b)", "RELATIONS[sign](a, c)", "search/where.py"
)
SEARCH.error(
    "quotients by nothing compared",
    "return (b != 0) & (d != 0) & RELATIONS",
    "return RELATIONS",
    "search/where.py",
)
SEARCH.error("< as <=", '"<": operator.lt', '"<": operator.le', "search/where.py")
SEARCH.error(
    "the last of equal rows",
    "np.lexsort((self.designs, self.points))",
    "np.lexsort((-self.designs, -self.points))",
    "search/selection.py",
)
SEARCH.error(
    "one row too few",
    "self._take(slice(self.number))",
    "self._take(slice(self.number - 1))",
    "search/selection.py",
)
SEARCH.error(
    "a front of two with equal rows",
    "second[1:] < np.minimum",
    "second[1:] <= np.minimum",
    "search/selection.py",
)
SEARCH.error(
    "a front of three without ties",
    "np.asarray(values[left] >= values[first], bool)",
    "np.asarray(values[left] > values[first], bool)",
    "search/selection.py",
)
SEARCH.error(
    "what one branch alone allows",
    "possible[branch] = table.possible",
    "possible[branch] = tables[0].possible.all()",
    "search/tabulate.py",
)
SEARCH.error(
    "a / that need not divide",
    "self.divisions.append(ExactDivision(divisor, dividend, ",
    "(ExactDivision(divisor, dividend, ",
    "search/evaluator.py",
)
SEARCH.error(
    "requirements that do not add up",
    "self.possible = before & condition",
    "self.possible = condition",
    "search/evaluator.py",
)
SEARCH.error(
    "formulas beyond what they assume",
    "self._restrict_by_assumptions(sizes, evaluator)\n        return",
    "return",
    "search/formulas.py",
)
SEARCH.error(
    "a variant counted on other sizes",
    "own = {**sizes, **sizes_of(given)}",
    "own = {**sizes_of(given)}",
    "search/variants/variant_counts.py",
)
SEARCH.error(
    "arguments in another order",
    "product(*(axis.values for axis in axes))",
    "product(*(axis.values[::-1] for axis in axes))",
    "search/variants/arguments.py",
)
SEARCH.error(
    "floats rounded",
    "found = Fraction(value)",
    "found = Fraction(round(value))",
    "search/variants/arguments.py",
)
