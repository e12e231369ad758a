"""The page: files that Vite built, with `index.html` for every address the page itself understands."""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).with_name("static")
# Vite puts a hash of the content into these files' names.
_HASHED = "assets/"
_IMMUTABLE = "public, max-age=31536000, immutable"
_NOT_BUILT = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Manyhands</title>"
    "<p>The server runs, but the page has not been built: run <code>make page</code> and reload."
)
_NEVER_PAGES = ("api", "healthz", "metrics", "openapi.json")


class Pages(StaticFiles):
    """Serves the folder; an unknown path without a file ending is an address within the page."""

    def __init__(self, folder: Path = STATIC) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._index = folder / "index.html"

    async def check_config(self) -> None:
        """Accept a folder that is not there: the page may be built while the server runs."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, the page, or 404 for what is neither."""
        if path.split("/", 1)[0] in _NEVER_PAGES:
            raise HTTPException(404)
        if path in ("", ".", "index.html"):
            return self._page()
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or "." in path.rsplit("/", 1)[-1]:
                raise
            return self._page()
        response.headers["Cache-Control"] = _IMMUTABLE if path.startswith(_HASHED) else "public, max-age=3600"
        return response

    def _page(self) -> Response:
        if not self._index.is_file():
            return HTMLResponse(_NOT_BUILT, status_code=503, headers={"Cache-Control": "no-store"})
        return FileResponse(self._index, headers={"Cache-Control": "no-cache"})
