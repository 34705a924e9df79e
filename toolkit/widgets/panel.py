"""What every widget shares: how Python and the browser speak, and the text where neither draws.

*The JS draws, Python decides.* `view` is all that is drawn and flows one way; what a person does
comes back as a small message of one `kind`, heard by the handler of that name. An error in a
handler is shown in the widget: nothing fails silently in a server log.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from toolkit.errors import ToolkitError

__all__ = ["Panel", "in_words", "sources"]

_HERE = Path(__file__).parent
_log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any], list[memoryview]], None]


def sources(*stems: str) -> tuple[str, str]:
    """The ESM and the CSS of one widget: what all share, then the .js and .css of each stem.

    Joined here because a browser cannot import a sibling file from a notebook, and a bundler would
    be one more thing to install.
    """
    files = [_HERE / stem for stem in ("panel", *stems)]
    esm, css = (
        "\n".join(file.with_suffix(kind).read_text(encoding="utf-8") for file in files)
        for kind in (".js", ".css")
    )
    return esm, css


def in_words(error: BaseException) -> str:
    """An error as a person should read it: ours as they are, others with their type."""
    text = str(error).strip()
    if isinstance(error, ToolkitError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class Panel(anywidget.AnyWidget):
    """One drawn surface. A subclass sets `_esm`, `_css` and hands over its handlers.

    `view` (JSON, a few kB) is what is drawn; `problem` is the last error in plain words, "" for
    none. `text` is the same for a terminal, a saved notebook, a test.
    """

    view = traitlets.Dict().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        *,
        text: Callable[[], str],
        view: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(view=dict(view or {}))
        self._handlers = dict(handlers)
        self._text = text
        self.on_msg(self._hear)

    @property
    def text(self) -> str:
        return self._text()

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            data["text/plain"] = self.text  # whole: it is all that a saved notebook keeps
        return bundle

    @contextlib.contextmanager
    def shows_errors(self) -> Iterator[None]:
        """What goes wrong inside is shown in the widget and goes no further."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # a callback may raise anything
            self.problem = in_words(error)
            if not isinstance(error, ToolkitError):
                _log.exception("in a callback of %s", type(self).__name__)

    def _hear(self, _widget: Any, content: Any, buffers: list[memoryview]) -> None:
        if not isinstance(content, dict) or content.get("kind") not in self._handlers:
            return
        self.problem = ""
        with self.shows_errors():
            self._handlers[content["kind"]](content, buffers)
