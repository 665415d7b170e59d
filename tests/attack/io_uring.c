/*
 * Sends "secret" to ADDRESS:PORT by io_uring alone: its own socket, connect and send operations, by TCP and by
 * UDP; then a frame by a packet socket. Prints what each came to.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 8
#define OP_SOCKET 45

static struct io_uring_params params;
static char *sq, *cq;
static struct io_uring_sqe *sqes;
static int ring;

static void set_up(void)
{
	size_t size;

	ring = syscall(__NR_io_uring_setup, ENTRIES, &params);
	if (ring < 0) {
		perror("io_uring_setup");
		exit(1);
	}
	size = params.sq_off.array + params.sq_entries * sizeof(unsigned);
	sq = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	cq = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	sqes = mmap(0, params.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		    IORING_OFF_SQES);
}

/* Does one operation and waits for it. */
static int perform(const struct io_uring_sqe *operation)
{
	unsigned *tail = (unsigned *)(sq + params.sq_off.tail);
	unsigned *head = (unsigned *)(cq + params.cq_off.head);
	unsigned slot = *tail & *(unsigned *)(sq + params.sq_off.ring_mask);
	struct io_uring_cqe *cqes = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
	int result;

	sqes[slot] = *operation;
	((unsigned *)(sq + params.sq_off.array))[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, 0, 0) < 0)
		return -1;
	result = cqes[*head & *(unsigned *)(cq + params.cq_off.ring_mask)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

static int make_socket(int family, int type, int protocol)
{
	struct io_uring_sqe operation = { .opcode = OP_SOCKET, .fd = family, .off = type, .len = protocol };
	return perform(&operation);
}

static int connect_to(int fd, struct sockaddr_in *to)
{
	struct io_uring_sqe operation = { .opcode = IORING_OP_CONNECT, .fd = fd, .addr = (long)to, .off = sizeof(*to) };
	return perform(&operation);
}

static int send_secret(int fd)
{
	struct io_uring_sqe operation = { .opcode = IORING_OP_SEND, .fd = fd, .addr = (long)"secret", .len = 6 };
	return perform(&operation);
}

static int send_to(int fd, void *to, int size, void *data, int length)
{
	struct iovec piece = { .iov_base = data, .iov_len = length };
	struct msghdr message = { .msg_name = to, .msg_namelen = size, .msg_iov = &piece, .msg_iovlen = 1 };
	struct io_uring_sqe operation = { .opcode = IORING_OP_SENDMSG, .fd = fd, .addr = (long)&message, .len = 1 };
	return perform(&operation);
}

/* An IPv4 packet with UDP inside, as a broadcast frame. */
static int send_frame(int fd, const char *device, struct sockaddr_in *to)
{
	unsigned char packet[34] = { 0x45, 0, 0, 34, 0, 1, 0, 0, 64, 17 };
	struct sockaddr_ll link = { .sll_family = AF_PACKET, .sll_protocol = htons(0x0800), .sll_halen = 6 };
	unsigned sum = 0;
	int i;

	link.sll_ifindex = if_nametoindex(device);
	memset(link.sll_addr, 0xff, 6);
	inet_pton(AF_INET, "192.0.2.2", packet + 12);
	memcpy(packet + 16, &to->sin_addr, 4);
	packet[20] = packet[21] = 0x11;
	memcpy(packet + 22, &to->sin_port, 2);
	packet[25] = 14;
	memcpy(packet + 28, "secret", 6);
	for (i = 0; i < 20; i += 2)
		sum += packet[i] << 8 | packet[i + 1];
	sum = (sum >> 16) + (sum & 0xffff);
	sum = ~(sum + (sum >> 16));
	packet[10] = sum >> 8;
	packet[11] = sum;
	return send_to(fd, &link, sizeof(link), packet, sizeof(packet));
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd;

	if (argc != 4)
		return 2;
	inet_pton(AF_INET, argv[1], &to.sin_addr);
	to.sin_port = htons(atoi(argv[2]));
	set_up();
	fd = make_socket(AF_INET, SOCK_STREAM, 0);
	printf("tcp connect %d", connect_to(fd, &to));
	printf(" send %d\n", send_secret(fd));
	fd = make_socket(AF_INET, SOCK_DGRAM, 0);
	printf("udp sendmsg %d\n", send_to(fd, &to, sizeof(to), "secret", 6));
	printf("udp connect %d", connect_to(fd, &to));
	printf(" send %d\n", send_secret(fd));
	fd = make_socket(AF_PACKET, SOCK_DGRAM, 0);
	printf("packet sendmsg %d\n", send_frame(fd, argv[3], &to));
	return 0;
}
