import logging
from threading import Event
from threading import enumerate as threads_alive

from infrastructure.background import Background

LONG_ENOUGH_S = 20.0


def test_work_is_done_again_and_again_although_it_fails_and_not_after_closing(caplog):
    calls, thrice = [], Event()

    def work():
        calls.append(len(calls))
        if len(calls) == 1:
            raise OSError("the first time")
        if len(calls) == 3:
            thrice.set()

    background = Background("a test", work, 0.001)
    with caplog.at_level(logging.ERROR):
        background.start()
        assert thrice.wait(LONG_ENOUGH_S)
        background.close()
    assert len(calls) >= 3 and "a test" not in [thread.name for thread in threads_alive()]
    assert "a test failed" in caplog.text and "the first time" in caplog.text


def test_what_was_never_started_is_closed_all_the_same():
    Background("a test", lambda: None, 1.0).close()
