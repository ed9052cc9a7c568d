"""The charts in a run's folder, drawn by this process and by one beside it.

A drawing library takes half a second to load and two more for a run's charts, all of it on one
processor. The process beside loads it while this one simulates; then both take charts until none is
left. A chart is the same whoever draws it. What the one beside fails at, warns of or leaves undone
when it dies is drawn here, so that it is told as if there were one process only.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..text.currency import writing_in

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from ..run.written import Answer

#: Results of more bytes than this are not read twice.
MOST = 500_000_000
#: Folders that a drawing library takes from the environment, where they may be relative.
_FOLDERS = ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
#: Seconds to wait for the last chart of the process beside, which takes less than one.
PATIENCE = 60.0


class Charts:
    """The charts of a run's folder by name, each drawn when it is asked for.

    Parameters
    ----------
    dataset, said
        The run.
    """

    def __init__(self, dataset: xr.Dataset, said: Answer) -> None:
        from ..charts.drawing import chosen, plotted
        from ..charts.run import Run

        run = Run(dataset, said.summary)
        few = run.only(said.best.shown(said.summary)) if said.best else run
        first = said.comparisons[0] if said.comparisons else None
        self._plots: dict[str, Callable[[], Axes]] = {
            chart.name: partial(plotted, chart, few if chart.each else run, first)
            for chart in chosen(None, run)
        }
        self._plots |= self._of_answer(run, said)

    @staticmethod
    def _of_answer(run: Any, said: Answer) -> dict[str, Callable[[], Axes]]:
        from ..figures.matplotlib import draw
        from . import always

        figures = [
            *([always.best_of_all(run, said.best)] if said.best is not None else []),
            *([always.reason(run, said.summary, said.why)] if said.why is not None else []),
            *([always.evidence(said.evidence)] if said.evidence is not None else []),
        ]
        return {figure.name: partial(draw, figure) for figure in figures}

    @property
    def names(self) -> list[str]:
        """Names of their files, in the order in which a reader meets them."""
        return list(self._plots)

    def write(self, name: str, folder: Path) -> None:
        """Draw one, as PNG and SVG."""
        from ..charts.drawing import written

        written(self._plots[name](), folder / name)


def draw_charts(dataset: xr.Dataset, folder: Path, said: Answer, beside: Beside | None) -> None:
    """Draw the charts of a run into a folder.

    Parameters
    ----------
    dataset, folder, said
        The run, and where its charts go.
    beside
        What draws some of them meanwhile, with the worlds of the run read from their file.
    """
    charts = Charts(dataset, said)
    left = deque(charts.names)
    size = sum(variable.nbytes for variable in dataset.data_vars.values())
    if beside is None or size > MOST:
        for name in left:
            charts.write(name, folder)
        return
    try:
        undone = beside.draw(left, folder, said)
        with suppress(IndexError):
            while True:
                charts.write(left.pop(), folder)
        for name in undone():
            charts.write(name, folder)
    except BaseException:
        # It writes nothing into a folder that is about to go.
        beside.end()
        raise


class Beside:
    """A process that draws charts, as long as this one lives.

    Parameters
    ----------
    worlds
        The file that the worlds of the run will lie in when its charts are drawn.
    """

    def __init__(self, worlds: Path) -> None:
        self.worlds = worlds.absolute()
        home = Path(__file__).parents[2]
        given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        paths = [str(home), *(os.path.abspath(path) for path in given if path)]
        # It stands in another folder than this one, in which a module or a style may have our names.
        places = {
            name: os.path.abspath(os.environ[name]) for name in _FOLDERS if os.environ.get(name)
        }
        # A session of its own: Ctrl-C is for this process, whose end is the end of the other.
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=home,
            env=os.environ | places | {"PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asked, self._answers = self._process.stdin, self._process.stdout

    def draw(self, left: deque[str], folder: Path, said: Answer) -> Callable[[], list[str]]:
        """Begin to take charts off the front of what is left; return what waits for the last.

        That returns the names that were taken and not drawn, after `PATIENCE` if it must: a process
        that hangs is ended.
        """
        undone: list[str] = []

        def take() -> None:
            # Until none is left, or it has died: whatever it is, what is undone is drawn here.
            with suppress(Exception):
                self._tell((str(self.worlds), str(folder), said))
                while True:
                    undone.append(left.popleft())
                    self._tell(undone[-1])
                    if pickle.load(self._answers):
                        undone.pop()

        thread = threading.Thread(target=take, daemon=True)
        thread.start()

        def wait() -> list[str]:
            thread.join(PATIENCE)
            if thread.is_alive():
                self.end()
                thread.join()
            return undone

        return wait

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._asked, self._answers):
            with suppress(OSError):
                stream.close()

    def _tell(self, what: Any) -> None:
        pickle.dump(what, self._asked)
        self._asked.flush()


@contextmanager
def drawing_beside(worlds: Path) -> Iterator[Beside | None]:
    """Start a process that draws charts, and end it; None where it would have no processor."""
    from ..engine.run import processors

    beside = None
    if processors() > 1 and sys.executable:
        with suppress(OSError):
            beside = Beside(worlds)
    try:
        yield beside
    finally:
        if beside is not None:
            beside.end()


def serve() -> None:
    """Draw what comes in: first the run and where its charts go, then their names, one by one."""
    told, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What a library prints is no answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    gc.disable()
    _load()
    gc.freeze()
    gc.enable()
    try:
        worlds, folder, said = pickle.load(told)
        from ..run.dataset import open_results

        with writing_in(said.summary.currency):
            charts = Charts(open_results(worlds), said)
            while True:
                name = pickle.load(told)
                pickle.dump(_drawn(charts, name, Path(folder)), answers)
                answers.flush()
    except (EOFError, OSError):
        # Who asked has ended.
        return


def _drawn(charts: Charts, name: str, folder: Path) -> bool:
    """Draw a chart; return whether nothing is to be told of it."""
    try:
        with warnings.catch_warnings(record=True) as told:
            charts.write(name, folder)
    except Exception:  # noqa: BLE001 - whoever asked draws it again, and tells what it is
        return False
    return not told


def _load() -> None:
    """Load what draws."""
    import h5py  # noqa: F401
    import matplotlib.backends.backend_agg
    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401

    from ..charts import drawing  # noqa: F401
    from ..charts.theme import wide_fonts
    from ..figures import matplotlib as _  # noqa: F401
    from . import always  # noqa: F401

    wide_fonts()
