"""Stands for systemd-resolved: passes lookups that come to 127.0.0.53 on to the name server of its argument."""
import socket
import sys

front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
front.bind(("127.0.0.53", 53))
print("ready", flush=True)
while True:
    query, client = front.recvfrom(4096)
    upstream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    upstream.settimeout(2)
    try:
        upstream.sendto(query, (sys.argv[1], 53))
        front.sendto(upstream.recv(4096), client)
    except OSError:
        pass  # refused: the client waits for nothing
    upstream.close()
