"""Logging, set up once by each main: one readable line per event, no tokens, addresses or bodies in any."""

import logging
import sys
import traceback

import structlog


def configure_logging(level: str) -> None:
    """Readable lines on standard output; the process's name and the time are its supervisor's to add."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(number, logging.WARNING), format="%(levelname)s %(name)s %(message)s")


def where(error: BaseException) -> str:
    """The class of an error and the lines it came through, innermost last, without its words.

    An error's words may quote what a person was told, so an unexpected one is logged by its place.
    """
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    places = [f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno}" for frame in frames]
    return " > ".join([*places, type(error).__name__])
