"""A small solver: finds numbers that satisfy a problem, proves that there are none, or gives up on a budget.

Search with unit propagation: every clause watches two of its literals, and is looked at again only when one of them
fails. Before any choice, each nested AND is tried by itself, and dropped where propagation refutes it: two predicates
with clauses in common are so compared clause by clause, however many choices they leave. A choice asserts a literal,
its refutation denies it, so no part of the space is visited twice. Sums narrow the hulls of their variables on the way;
when all clauses hold, `sums` finds integers for those that must hold. The budget counts steps of work, not seconds, so
that an answer does not depend on the machine.
"""

from collections.abc import Iterable

from attrs import frozen

from kili_query.ast import Predicate, Term
from kili_query.logic.clauses import NO, YES, Constraints, SumConstraint, pose
from kili_query.logic.sums import Ranges, rows_of, solve_sums

DEFAULT_STEPS = 60_000
"""Steps of work beyond those that a tree's size calls for; a step takes well under a microsecond."""

STEPS_PER_PART = 20
"""Steps that each part of a problem adds to its budget, so that large and easy ones are answered."""

STEPS_PER_SUMS = 300
STEPS_PER_ROW = 3
"""Steps that a search for integers in sums costs: for each constraint, and each time that one is read."""

CLAUSES_COMPARED = 40
"""Among how many open clauses the one to branch on is chosen."""

LITERALS_COMPARED = 40
"""Among how many literals of it; the rest of a long clause is not read at every choice."""


@frozen
class Solution:
    """The result of the solver.

    Attributes:
        values: a number for each counter, when there is a solution.
        is_satisfiable: None when it is not known.
        steps: how much work it took.
    """

    values: dict[Term, int] | None
    is_satisfiable: bool | None
    steps: int = 0


def solve(trees: Iterable[Predicate], steps: int = DEFAULT_STEPS) -> Solution:
    """Find counts that meet several lowered trees at once.

    >>> from kili_query.syntax import parse_tree
    >>> solve([parse_tree("J.A.count > 2 OR J.B.count > 1"), parse_tree("J.A.count < 1")]).values
    {Counter(job='J', category='A'): 0, Counter(job='J', category='B'): 2}
    """
    problem = pose(trees)
    if problem.is_refuted:
        return Solution(None, False, problem.size)
    search = _Search(problem, steps + STEPS_PER_PART * problem.size)
    found = search.run()
    values = None if found is None else dict(zip(problem.terms, found, strict=True))
    is_satisfiable = True if values is not None else (None if search.is_incomplete else False)
    return Solution(values, is_satisfiable, problem.size + search.steps)


class _OutOfSteps(Exception):  # noqa: N818 - not an error, and never leaves this module
    """The budget is spent."""


class _Search:
    """One search. A level is a choice: how long the trail was, the literal, and where the open clauses began."""

    def __init__(self, problem: Constraints, budget: int) -> None:
        self.problem = problem
        self.budget = budget
        self.steps = 0
        self.is_incomplete = False
        self.domains = list(problem.domains)
        self.clauses = [list(clause) for clause in problem.clauses]
        self.trail: list[tuple[int, int]] = []
        self.levels: list[tuple[int, int, int, int]] = []
        self.first_open = 0
        self.watching: list[list[list[tuple[int, int]]]] = [[] for _ in self.domains]
        for clause in self.clauses:
            for variable, _ in clause[:2]:
                self.watching[variable].append(clause)
        self.sums_of: list[list[SumConstraint]] = [[] for _ in self.domains]
        for one in problem.sums:
            for variable in (one.switch, *(variable for variable, _ in one.weights)):
                self.sums_of[variable].append(one)

    def run(self) -> list[int] | None:
        """The number of each counter; None when there are none, or when `is_incomplete` says that it is not known."""
        try:
            is_consistent = self.start() and self.try_switches()
            while True:
                if is_consistent:
                    choice = self.choose()
                    if choice is None:
                        found = self.finish()
                        if found is not None:
                            return found
                        is_consistent = False
                    else:
                        self.levels.append((len(self.trail), *choice, self.first_open))
                        is_consistent = self.narrow(*choice)
                elif self.levels:
                    is_consistent = self.backtrack()
                else:
                    return None
        except _OutOfSteps:
            self.is_incomplete = True
            return None

    def start(self) -> bool:
        changed = list(range(len(self.domains)))
        if not all(self.domains):
            return False
        for clause in self.clauses:  # domains were narrowed after some clauses were read
            if not self.rewatch(clause):
                return False
        return self.propagate(changed + [variable for variable, _ in self.trail])

    def try_switches(self) -> bool:
        """Deny each nested AND that cannot hold, whatever else holds; False when that is a contradiction.

        The last come first, because only the first two of a clause are watched and denying the others costs nothing.
        """
        for switch in reversed(range(len(self.problem.terms), len(self.domains))):
            if self.steps > self.budget // 2:
                break  # half of the budget is for the search
            if self.domains[switch] != NO | YES:
                continue
            before = len(self.trail)
            can_hold = self.narrow(switch, YES)
            self.undo(before)
            if not can_hold and not self.narrow(switch, NO):
                return False
        return True

    def rewatch(self, clause: list[tuple[int, int]]) -> bool:
        """Order a clause so that its first two literals can still hold, and watch those."""
        alive = [literal for literal in clause if self.domains[literal[0]] & literal[1]]
        if not alive:
            return False
        if len(alive) == 1:
            return self.set_domain(alive[0][0], self.domains[alive[0][0]] & alive[0][1])
        if alive[:2] != clause[:2]:
            for variable, _ in clause[:2]:
                self.watching[variable] = [one for one in self.watching[variable] if one is not clause]
            clause[:] = alive
            for variable, _ in clause[:2]:
                self.watching[variable].append(clause)
        return True

    def set_domain(self, variable: int, mask: int) -> bool:
        if mask != self.domains[variable]:
            self.trail.append((variable, self.domains[variable]))
            self.domains[variable] = mask
        return mask != 0

    def narrow(self, variable: int, mask: int) -> bool:
        """Assert a literal and all that follows from it; False on a contradiction."""
        before = len(self.trail)
        if not self.set_domain(variable, self.domains[variable] & mask):
            return False
        return len(self.trail) == before or self.propagate([variable])

    def backtrack(self) -> bool:
        """Undo the last choice and deny it."""
        length, variable, mask, self.first_open = self.levels.pop()
        self.undo(length)
        return self.narrow(variable, ~mask)

    def undo(self, length: int) -> None:
        """Take back all changes but the first ones."""
        while len(self.trail) > length:
            changed, before = self.trail.pop()
            self.domains[changed] = before

    def propagate(self, queue: list[int]) -> bool:
        """Narrow all that follows from changed variables. Sums wait for clauses, so that each is read once for all."""
        domains = self.domains
        waiting: dict[int, SumConstraint] = {}
        while queue or waiting:
            mark = len(self.trail)
            if queue:
                changed = queue.pop()
                if not self.visit_clauses(changed):
                    return False
                waiting.update((id(one), one) for one in self.sums_of[changed])
            elif not self.visit_sum(waiting.popitem()[1]):
                return False
            if self.steps > self.budget:
                raise _OutOfSteps
            for variable, _ in self.trail[mark:]:
                if domains[variable] == 0:
                    return False
                queue.append(variable)
        return True

    def visit_clauses(self, changed: int) -> bool:
        domains = self.domains
        watching = self.watching[changed]
        self.steps += len(watching) + 1
        kept: list[list[tuple[int, int]]] = []
        for position, clause in enumerate(watching):
            at = 0 if clause[0][0] == changed else 1
            if domains[changed] & clause[at][1]:
                kept.append(clause)
                continue
            other, mask = clause[1 - at]
            replacement = 0
            if domains[other] & ~mask:  # the other literal is not certain, so a second one is needed
                for index in range(2, len(clause)):
                    self.steps += 1
                    if domains[clause[index][0]] & clause[index][1]:
                        replacement = index
                        break
            if replacement:
                clause[at], clause[replacement] = clause[replacement], clause[at]
                self.watching[clause[at][0]].append(clause)
                continue
            kept.append(clause)
            if not self.set_domain(other, domains[other] & mask):
                self.watching[changed] = kept + watching[position + 1 :]
                return False
        self.watching[changed] = kept
        return True

    def visit_sum(self, one: SumConstraint) -> bool:
        """Narrow what a sum leaves, or find that it cannot hold."""
        domains = self.domains
        if not domains[one.switch] & YES:
            return True
        self.steps += 2 * len(one.weights)
        low = high = 0
        ends: list[tuple[int, int]] = []
        for variable, weight in one.weights:
            first, last = self.ends(variable)
            ends.append((first, last))
            low += weight * (first if weight > 0 else last)
            high += weight * (last if weight > 0 else first)
        if high < one.low or low > one.high:
            return self.set_domain(one.switch, domains[one.switch] & ~YES)
        if domains[one.switch] != YES or (one.low <= low and high <= one.high):
            return True
        for (variable, weight), (first, last) in zip(one.weights, ends, strict=True):
            above, below = one.high - low, high - one.low  # what may be added to the least, taken from the greatest
            if weight > 0:
                allowed = last - below // weight, first + above // weight
            else:
                allowed = last - above // -weight, first + below // -weight
            if not self.keep_cells(variable, *allowed):
                return False
        return True

    def ends(self, variable: int) -> tuple[int, int]:
        """The least and the greatest number in the domain of a counter."""
        mask = self.domains[variable]
        lows, highs = self.problem.lows[variable], self.problem.highs[variable]
        return lows[(mask & -mask).bit_length() - 1], highs[mask.bit_length() - 1]

    def keep_cells(self, variable: int, low: int, high: int) -> bool:
        """Drop the cells that lie outside a range."""
        lows, highs = self.problem.lows[variable], self.problem.highs[variable]
        mask = self.domains[variable]
        while mask and highs[(mask & -mask).bit_length() - 1] < low:
            mask &= mask - 1
        while mask and lows[mask.bit_length() - 1] > high:
            mask &= ~(1 << (mask.bit_length() - 1))
        return self.set_domain(variable, mask)

    def choose(self) -> tuple[int, int] | None:
        """The literal to branch on: in a clause with few literals left, one that asks for no more than the least.

        A clause that holds when every variable has the least that it may is left for later, unless there are sums,
        which may ask for more. When all clauses are such, those numbers are a solution.
        """
        best: list[tuple[int, int]] | None = None
        is_first, seen = True, 0
        for index in range(self.first_open, len(self.clauses)):
            clause = self.clauses[index]
            alive = self.open_literals(clause)
            if alive is None:
                if is_first:
                    self.first_open = index + 1
                continue
            is_first = False
            if not alive:
                continue
            if best is None or len(alive) < len(best):
                best = alive
            seen += 1
            if seen == CLAUSES_COMPARED or len(best) == 2:
                break
        if self.steps > self.budget:
            raise _OutOfSteps
        if best is not None:
            return min(best, key=self.eagerness)
        return self.hole()

    def open_literals(self, clause: list[tuple[int, int]]) -> list[tuple[int, int]] | None:
        """The literals that can hold, not all of very many.

        None of them where the clause holds by the least numbers; None when a literal that was read holds for certain.
        """
        alive: list[tuple[int, int]] = []
        holds_by_least = False
        for variable, mask in clause:
            self.steps += 1
            domain = self.domains[variable]
            if not domain & ~mask:
                return None
            if domain & mask:
                alive.append((variable, mask))
                holds_by_least = holds_by_least or bool(domain & -domain & mask)
                if len(alive) == LITERALS_COMPARED:
                    break
        return [] if holds_by_least and not self.problem.sums else alive

    def eagerness(self, literal: tuple[int, int]) -> tuple[bool, bool]:
        variable, mask = literal
        domain = self.domains[variable]
        return not domain & -domain & mask, variable >= len(self.problem.terms)

    def hole(self) -> tuple[int, int] | None:
        """A choice that closes a gap in the domain of a counter of some sum, so that ranges are all that is left."""
        for one in self.active_sums():
            for variable, _ in one.weights:
                mask = self.domains[variable]
                lowest = mask & -mask
                run = mask & ~(mask + lowest)
                if run != mask:
                    return variable, run
        return None

    def active_sums(self) -> list[SumConstraint]:
        return [one for one in self.problem.sums if self.domains[one.switch] == YES]

    def finish(self) -> list[int] | None:
        """Numbers for the counters, all clauses being satisfied; the least where no sum asks for more."""
        active = self.active_sums()
        numbers = [self.ends(variable)[0] for variable in range(len(self.problem.terms))]
        if not active:
            return numbers
        ranges: Ranges = {variable: self.ends(variable) for one in active for variable, _ in one.weights}
        rows = [row for one in active for row in rows_of(one.weights, one.low, one.high)]
        found, visits = solve_sums(rows, ranges)
        self.steps += STEPS_PER_SUMS * len(active) + STEPS_PER_ROW * visits
        if isinstance(found, dict):
            for variable, number in found.items():
                numbers[variable] = number
            return numbers
        if found is None:
            self.is_incomplete = True
        return None
