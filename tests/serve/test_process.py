"""A server in a process of its own: slow clients, too many of them, and how it ends."""

import json
import signal
import time

import pytest

from chainrule.data.tables import as_table
from chainrule.serve import Limits
from tests.serve.models import fruit, table_model
from tests.serve.process import command, head, limited, received

BODY = json.dumps({"instances": fruit(3)}).encode()
QUICK = Limits(head_seconds=0.4, body_seconds=0.5, idle_seconds=0.4, connections=6, body_bytes=100_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    trained = table_model()
    trained.model.preparation = trained.preparation
    path = tmp_path_factory.mktemp("serve") / "orchard"
    trained.model.save(path)
    return str(path)


@pytest.fixture(scope="module")
def server(folder):
    with limited(folder, QUICK) as started:
        yield started


def ask(connection) -> list[str]:
    """The answers to BODY, which come at once."""
    began = time.monotonic()
    connection.sendall(head(len(BODY)) + BODY)
    status, _, body = received(connection)
    assert status == 200, body
    assert time.monotonic() - began < 5
    return [one["value"] for one in json.loads(body)["predictions"]]


def test_a_slow_body_is_given_up_and_blocks_nobody(server):
    with server.connected() as slow, server.connected() as quick:
        slow.sendall(head(len(BODY)) + BODY[:10])
        assert ask(quick) == ask(quick) == table_model().predict(as_table(fruit(3))).values.tolist()
        status, headers, body = received(slow)
        assert (status, json.loads(body)["error"]["code"]) == (408, "slow")
        assert headers["connection"] == "close"
        assert slow.recv(1) == b""


def test_a_slow_head_is_given_up(server):
    with server.connected() as slow, server.connected() as silent, server.connected() as dripping:
        slow.sendall(b"POST /predict HTTP/1.1\r\nHos")
        for byte in b"POST /pre":
            dripping.sendall(bytes([byte]))
            time.sleep(0.02)
        for connection in (slow, dripping):
            status, _, body = received(connection)
            assert (status, json.loads(body)["error"]["code"]) == (408, "slow")
        assert silent.recv(1) == b""


def test_a_connection_is_kept_for_more_but_not_for_ever(server):
    with server.connected() as connection:
        ask(connection)
        time.sleep(0.1)
        ask(connection)
        assert connection.recv(1) == b""


def test_a_body_that_is_refused_is_said_to_be_although_it_is_still_being_sent(server):
    with server.connected() as connection:
        connection.sendall(head(10**9) + b" " * 200_000)
        status, _, body = received(connection)
        assert (status, json.loads(body)["error"]["code"]) == (413, "too_large")
    with server.connected() as connection:
        chunked = head(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        connection.sendall(chunked + b"20000\r\n" + b" " * 0x20000 + b"\r\n")
        assert received(connection)[0] == 413


def test_answers_that_nobody_takes_are_dropped(server):
    body = json.dumps({"instances": fruit(1_000)}).encode()
    with server.connected() as greedy, pytest.raises(ConnectionError):
        greedy.sendall((head(len(body)) + body) * 600)  # more than buffers hold
    with server.connected() as other:
        ask(other)


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/1.1\r\n\r\n", b"hello\r\n\r\n"]
)
def test_what_is_no_request_is_refused_in_json(server, sent):
    with server.connected() as connection:
        connection.sendall(sent)
        status, headers, body = received(connection)
        assert (status, headers["content-type"]) == (400, "application/json")
        assert json.loads(body)["error"]["code"] == "http"


def test_too_many_clients_are_told_to_come_again(server):
    time.sleep(1)  # those of other tests have left
    connections = [server.connected() for _ in range(QUICK.connections)]
    try:
        time.sleep(0.05)
        with server.connected() as one_more:
            one_more.sendall(head(len(BODY)) + BODY)
            status, headers, body = received(one_more)
            assert (status, json.loads(body)["error"]["code"]) == (503, "crowded")
            assert headers["retry-after"] == "1"
        ask(connections[0])
    finally:
        for connection in connections:
            connection.close()


def test_a_command_serves_and_sigterm_lets_it_finish_what_has_begun(folder):
    with command("-m", "chainrule", "serve", folder, "--port", "0") as server:
        assert server.said.startswith("orchard is served at http://127.0.0.1:")
        with server.connected() as begun, server.connected() as idle:
            ask(idle)
            begun.sendall(head(len(BODY)) + BODY[:10])
            time.sleep(0.2)
            server.process.send_signal(signal.SIGTERM)
            assert idle.recv(1) == b""  # nobody waits for those who do not ask
            with pytest.raises(OSError), server.connected() as late:  # noqa: PT011, PT012
                late.sendall(head(len(BODY)) + BODY)
                if late.recv(1) == b"":
                    raise ConnectionResetError
            begun.sendall(BODY[10:])
            status, _, body = received(begun)
            assert status == 200
            assert len(json.loads(body)["predictions"]) == 3
            assert begun.recv(1) == b""
        assert server.left() == 0
        assert server.process.stderr.read() == "The server has stopped.\n"


def test_sigterm_gives_up_a_body_that_does_not_arrive(folder):
    with command("-m", "chainrule", "serve", folder, "--port", "0") as server, server.connected() as begun:
        begun.sendall(head(100) + BODY[:2])
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        status, headers, body = received(begun)
        assert (status, json.loads(body)["error"]["code"]) == (503, "stopping")
        assert headers["retry-after"] == "1"
        assert server.left() == 0
        assert time.monotonic() - began < 5
        assert server.process.stderr.read() == "The server has stopped.\n"


def test_a_malformed_form_is_not_logged(folder):
    with command("-m", "chainrule", "serve", folder, "--port", "0") as server, server.connected() as client:
        form = head(12).replace(b"application/json", b"multipart/form-data; boundary=x")
        client.sendall(form + b"--y\r\nnothing")
        assert received(client)[0] == 400
        server.process.send_signal(signal.SIGTERM)
        assert server.left() == 0
        assert server.process.stderr.read() == "The server has stopped.\n"


def test_a_second_signal_ends_it_at_once(folder):
    with limited(folder, Limits()) as server, server.connected() as begun:
        begun.sendall(head(len(BODY)) + BODY[:10])
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGTERM)
        assert server.left() == 128 + signal.SIGTERM


def test_a_prediction_that_takes_too_long_is_refused_when_the_server_stops(folder):
    limits = Limits(stop_seconds=0.5)
    with limited(folder, limits, slow=20) as server, server.connected() as begun:
        begun.sendall(head(len(BODY)) + BODY)
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        status, headers, body = received(begun)
        assert (status, json.loads(body)["error"]["code"]) == (503, "stopping")
        assert headers["retry-after"] == "1"
        assert server.left() == 0
        assert server.process.stderr.read() == ""


def test_the_largest_body_is_an_option(folder):
    with command("-m", "chainrule", "serve", folder, "--port", "0", "--max-body", "1") as server:
        for size, status in ((1 << 20, 400), ((1 << 20) + 1, 413)):
            with server.connected() as client:
                client.sendall(head(size) + b" " * size)
                assert received(client)[0] == status


@pytest.mark.full
def test_what_is_begun_has_its_time_and_no_more(folder):
    with limited(folder, Limits(stop_seconds=0.3)) as server, server.connected() as begun:
        begun.sendall(head(len(BODY)) + BODY[:10])
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert server.left() == 0
        assert time.monotonic() - began < 5
