"""Development tasks. `nox` is the gate; `nox -s NAME -- ARGS` runs one session with arguments of its own."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nox

nox.needs_version = ">=2026.4"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["checks", "tests", "contracts"]

# uv must not download interpreters: the gate runs on the one that runs nox.
os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")
os.environ.setdefault("UV_LINK_MODE", "copy")

ROOT = Path(__file__).parent
EVERYWHERE = ("-m", "not wheel and not browser and not live")
RULES = ("tests/rules", "tests/modules", "tests/use_cases", "tests/adapters")
APART = ("-p", "no:schemathesis")
"""Where no request is drawn from the document: every process takes a second or two to import it."""

PYTHON = sys.executable
CHECKS = ("docs", "types", "build", "lint")
"""The sessions that keep one core busy, the longest first."""

TYPING = "tests/typing"
"""What is asked of the type checker itself."""

CONSTRAINTS = ROOT / "constraints.txt"
"""The release of every package that the gate passes with, on every supported Python."""


def interpreter(version: str) -> str:
    """An interpreter of `version`: pyenv's own where it has one, for its shims fail when not selected."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = sorted(root.glob(f"{version}.*/bin/python"))
    return str(found[-1]) if found else version


def _install(session: nox.Session, *what: str) -> None:
    """Install the releases the gate is known to pass with."""
    session.install("-c", str(CONSTRAINTS), *what)


@nox.session(python=False)
def checks(session: nox.Session) -> None:
    """`lint`, `types`, `docs` and `build`, two beside one another; what each said stands together."""

    def run(name: str) -> int:
        command = [sys.executable, "-m", "nox", "--noxfile", __file__, "--session", name]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        sys.stdout.buffer.write(done.stdout)
        sys.stdout.flush()
        return done.returncode

    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        codes = dict(zip(CHECKS, pool.map(run, CHECKS), strict=True))
    failed = [name for name, code in codes.items() if code]
    if failed:
        session.error(f"Failed: {', '.join(failed)}.")


@nox.session(python=PYTHON)
def lint(session: nox.Session) -> None:
    """Style, imports between layers, unused dependencies, dead code."""
    _install(session, "-e", ".[all,lint]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")
    session.run("deptry", "src")
    session.run("vulture")


@nox.session(python=PYTHON)
def types(session: nox.Session) -> None:
    """mypy --strict over the packages and the tests; what it and pyright say of programs that use them."""
    _install(session, "-e", ".[all,test,lint,bench,docs]", "nox")
    session.run("mypy", *session.posargs)
    session.run("pytest", *APART, TYPING)


def _test(session: nox.Session, *args: str, thorough: bool = False) -> None:
    _install(session, "-e", ".[test]")
    chosen = {"MZI_THOROUGH": "1"} if thorough else None
    # A process that has nothing left takes from one that has: no core waits for the last slow tests.
    session.run("pytest", "-n", "auto", "--dist", "worksteal", *args, *session.posargs, env=chosen)


@nox.session(python=PYTHON)
def tests(session: nox.Session) -> None:
    """All fast tests; those of rules and use cases by themselves take every branch of mzi_core."""
    _test(session, *APART, *RULES, "--cov", "--cov-report=")
    session.run("coverage", "report", "--skip-covered", "--show-missing", "--fail-under=100")
    elsewhere = (f"--ignore={folder}" for folder in (*RULES, "tests/contracts", "tests/processes", TYPING))
    _test(session, *EVERYWHERE, *elsewhere)


@nox.session(python=PYTHON)
def contracts(session: nox.Session) -> None:
    """The contract suites over every adapter, and several processes at one store."""
    _test(session, *APART, "tests/contracts", "tests/processes")


@nox.session(python=PYTHON)
def thorough(session: nox.Session) -> None:
    """All tests with every repetition, of which the gate takes a part: `nox -s thorough`."""
    _test(session, *EVERYWHERE, f"--ignore={TYPING}", thorough=True)


@nox.session
@nox.parametrize("python", [nox.param(interpreter(v), id=v) for v in ("3.11", "3.12", "3.13")])
def versions(session: nox.Session) -> None:
    """All tests on each supported Python: `nox -s versions`."""
    _test(session, *EVERYWHERE)


@nox.session(python=PYTHON)
def docs(session: nox.Session) -> None:
    """The documentation, without warnings, with its examples executed."""
    _install(session, "-e", ".[docs,server]")
    read = ("-d", "docs/_build/doctrees")  # once for both
    for builder in ("doctest", "html"):
        session.run("sphinx-build", "-W", "-q", *read, "-b", builder, "docs", f"docs/_build/{builder}")


@nox.session(python=PYTHON)
def build(session: nox.Session) -> None:
    """Build the wheel and use it in empty environments."""
    session.install("build[uv]", "uv", "pytest>=9.2", "pytest-asyncio>=1.5", "pytest-timeout>=2.4")
    session.run("python", "-m", "build", "--installer", "uv", "--outdir", "dist", silent=True)
    newest = max((ROOT / "dist").glob("*.whl"), key=lambda wheel: wheel.stat().st_mtime)
    # No conftest: nothing of the package is installed here but what the tests install themselves.
    session.run("pytest", "--noconftest", "-m", "wheel", "tests/wheel", env={"MZI_WHEEL": str(newest)})


@nox.session(python=PYTHON)
def browser(session: nox.Session) -> None:
    """The pages in Debian's /usr/bin/chromium; nothing is downloaded."""
    _install(session, "-e", ".[test]", "playwright>=1.65")
    session.run("pytest", "-m", "browser", *session.posargs)


@nox.session(python=PYTHON)
def live(session: nox.Session) -> None:
    """The contracts over a Zoho sandbox and a Moodle for tests, as far as MZI_TEST_* name their accounts."""
    _install(session, "-e", ".[test]")
    session.run("python", "-m", "tests.live", *session.posargs)


@nox.session(python=PYTHON)
def kills(session: nox.Session) -> None:
    """`mzi serve` killed 200 times while events come in: nothing acknowledged is lost, or kept twice."""
    _install(session, "-e", ".[test]")
    session.run("python", "-m", "tests.processes.intake_kills", *session.posargs)


@nox.session(python=PYTHON)
def worker_kills(session: nox.Session) -> None:
    """Workers killed 200 times while they write to Zoho and Moodle: both sides agree in the end."""
    _install(session, "-e", ".[test]")
    session.run("python", "-m", "tests.processes.worker_kills", *session.posargs)


@nox.session(python=PYTHON)
def simulation(session: nox.Session) -> None:
    """Two-way sync in virtual time, seed by seed: `nox -s simulation -- 0 --seeds 1000`."""
    _install(session, "-e", ".[test]")
    session.run("python", "-m", "tests.simulation", *(session.posargs or ("0", "--seeds", "200")))


@nox.session(python=PYTHON)
def hostile(session: nox.Session) -> None:
    """100,000 requests that are wrong, or prove nothing: no 5xx, nothing unproved is kept."""
    _install(session, "-e", ".[test]")
    session.run("python", "-m", "tests.http.hostile_requests", *session.posargs)


@nox.session(python=PYTHON)
def bench(session: nox.Session) -> None:
    """Each bar as a ratio against its baseline in the same run."""
    _install(session, "-e", ".[bench]")
    session.run("python", "-m", "tests.bench", *session.posargs)


@nox.session(python=PYTHON)
def mutation(session: nox.Session) -> None:
    """Mutants of the grading policy and of the sync decision; none may survive."""
    _install(session, "-e", ".[dev]")
    session.run("mutmut", "run", *session.posargs, env={"MZI_THOROUGH": "1"})
    survivors = session.run("mutmut", "results", silent=True)
    if survivors and survivors.strip():
        session.error(f"Mutants survived:\n{survivors}")


@nox.session(python=PYTHON)
def constraints(session: nox.Session) -> None:
    """constraints.txt anew, with the newest releases that fit together: `nox -s constraints`."""
    session.install("uv")
    extras = [part for extra in ("all", "dev", "bench") for part in ("--extra", extra)]
    session.run(
        *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--upgrade"),
        *("--no-header", "--no-annotate", "--no-emit-package", "mzi", *extras),
        *("pyproject.toml", "--output-file", str(CONSTRAINTS)),
    )
