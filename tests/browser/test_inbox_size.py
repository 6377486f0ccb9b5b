"""What a page loads for its one tag: every module, as it is served, without a build."""

import gzip
import re
from pathlib import Path

WEB = Path(__file__).parents[2] / "web"
MOST_BYTES = 20 * 1024
_IMPORT = re.compile(r'^(?:import|export)\b[^;]*?"(\.[^"]+)";', re.MULTILINE)


def loaded_by(module: Path, known: dict[Path, str]) -> dict[Path, str]:
    """The module and, once each, all that it imports before it runs."""
    if module not in known:
        known[module] = module.read_text()
        for name in _IMPORT.findall(known[module]):
            loaded_by((module.parent / name).resolve(), known)
    return known


def test_a_page_with_the_tag_loads_less_than_twenty_kilobytes() -> None:
    modules = loaded_by(WEB / "notification-inbox.js", {})
    assert {"connection.js", "list.js", "styles.js", "notifications-client.js"} <= {path.name for path in modules}
    assert len(gzip.compress("".join(modules.values()).encode())) < MOST_BYTES


def test_the_settings_are_loaded_only_for_those_who_open_them() -> None:
    assert "preferences.js" not in {path.name for path in loaded_by(WEB / "notification-inbox.js", {})}


def test_no_module_needs_anything_but_its_neighbours() -> None:
    for module in (*WEB.glob("*.js"), *WEB.glob("client/*.js"), *WEB.glob("inbox/*.js")):
        assert re.findall(r'(?:from|import) "(?!\.)', module.read_text()) == [], module.name
