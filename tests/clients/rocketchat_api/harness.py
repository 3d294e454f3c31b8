"""Runs checks one after the other and prints what came of them, one TAP-like line each."""

import traceback

_passed = 0
_failed = 0


class Stop(Exception):
    """Raised when a check fails without which the ones after it would mean nothing."""


def check(name):
    """Runs the function that it decorates, at once, and prints `ok N - name` or `not ok N - name`."""

    def run(body):
        global _passed, _failed
        number = _passed + _failed + 1
        try:
            body()
        except Exception as problem:  # whatever went wrong is a failed check, and the next one is run
            _failed += 1
            print(f"not ok {number} - {name}", flush=True)
            note(_in_words(problem))
            return False
        _passed += 1
        print(f"ok {number} - {name}", flush=True)
        return True

    return run


def essential(name):
    """A check that ends the run when it fails."""

    def run(body):
        if not check(name)(body):
            raise Stop(name)

    return run


def note(text):
    """Prints lines that are not results."""
    for line in text.splitlines()[:20]:
        print(f"#   {line}", flush=True)


def finish():
    """Prints the last line and gives the exit status: 0 only if there were checks and all of them passed."""
    print(f"{_passed} passed, {_failed} failed", flush=True)
    return 0 if _failed == 0 and _passed > 0 else 1


def _in_words(problem):
    line = traceback.extract_tb(problem.__traceback__)[-1]
    return f"{type(problem).__name__}: {str(problem)[:400]}\nat {line.name}, line {line.lineno}: {line.line}"
