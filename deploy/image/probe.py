"""Ask a port of this container and say by the exit code whether it answered 200: `probe.py PORT PATH`."""

import http.client
import sys


def main() -> int:
    """Ask once; the message goes to the container's health log."""
    port, path = int(sys.argv[1]), sys.argv[2]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    except OSError as error:
        sys.stderr.write(f"port {port} does not answer: {error}\n")
        return 1
    if answer.status != http.client.OK:
        sys.stderr.write(f"{path} answers {answer.status}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
