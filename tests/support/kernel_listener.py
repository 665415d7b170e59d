"""Listens for the kernel role's tests and says on stdout, one JSON line each, what came.

Usage: kernel_listener.py ADDRESS TCP_PORT UDP_PORT
TCP connections are held until the client ends them; UDP datagrams are echoed. Prints `{"ready": true}`
first. Ends at the end of stdin.
"""

import json
import selectors
import socket
import sys


def say(**fields):
    print(json.dumps(fields), flush=True)


def main():
    address, tcp_port, udp_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    tcp = socket.socket()
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind((address, tcp_port))
    tcp.listen(64)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((address, udp_port))
    poll = selectors.DefaultSelector()
    for source in (tcp, udp, sys.stdin):
        poll.register(source, selectors.EVENT_READ)
    say(ready=True)
    while True:
        for key, _ in poll.select():
            source = key.fileobj
            if source is sys.stdin:
                if not sys.stdin.buffer.raw.read(1):
                    return
            elif source is tcp:
                connection, (ip, port) = tcp.accept()
                poll.register(connection, selectors.EVENT_READ)
                local = connection.getsockname()
                say(kind="tcp", src_ip=ip, src_port=port, local_ip=local[0], local_port=local[1])
            elif source is udp:
                data, (ip, port) = udp.recvfrom(65536)
                say(kind="udp", src_ip=ip, src_port=port, local_ip=address, local_port=udp_port,
                    data=data.decode("latin1"))
                udp.sendto(data, (ip, port))
            else:
                try:
                    data = source.recv(65536)
                except ConnectionError:
                    data = b""
                if not data:
                    poll.unregister(source)
                    source.close()


main()
