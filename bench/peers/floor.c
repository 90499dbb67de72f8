/*
 * The floor: what the kernel alone asks for a fan-out. One thread, epoll, plain TCP, nothing parsed, nothing made. A connection that says
 * something is the sender, all others are subscribers. Each line that comes from the sender is copied into a prepared frame, and the
 * frame is written to every subscriber with one write(2).
 *
 * Takes the length of a frame's payload; a line that is shorter is filled up with spaces. The frame has the header of a WebSocket's, so
 * that the clients that count have the same work with it as with any other. Sockets block on writing: a subscriber that does not read
 * stops all. Prints `listening PORT`.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { HEAD = 4, MOST = 16384, LONGEST = 65535, BACKLOG = 1024 };

static int subscribers[MOST];
static int count;
static unsigned char frame[HEAD + LONGEST];
static size_t payload;
/* What the sender has said, up to a line whose end is yet to come. */
static char said[1 << 16];
static size_t held;

static void die(const char *why) {
  perror(why);
  exit(1);
}

static void leave(int fd) {
  for (int at = 0; at < count; at++) {
    if (subscribers[at] == fd) {
      subscribers[at] = subscribers[--count];
      return;
    }
  }
}

static void fan_out(const char *line, size_t length) {
  if (length > payload) die("a line is longer than the frame");
  memcpy(frame + HEAD, line, length);
  memset(frame + HEAD + length, ' ', payload - length);
  for (int at = 0; at < count; at++) {
    if (write(subscribers[at], frame, HEAD + payload) != (ssize_t)(HEAD + payload)) die("write");
  }
}

/* All who wait, in the order in which they came: the sender connects last, so whoever was there before it gets its first event. */
static void accept_all(int listener, int epoll) {
  int yes = 1;
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (count == MOST) die("too many");
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) < 0) die("TCP_NODELAY");
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
    subscribers[count++] = fd;
  }
}

static void hear(int fd) {
  ssize_t got = read(fd, said + held, sizeof said - held);
  leave(fd);
  if (got <= 0) {
    close(fd);
    return;
  }
  held += (size_t)got;
  char *line = said;
  for (char *end; (end = memchr(line, '\n', held)) != NULL; line = end + 1) {
    held -= (size_t)(end + 1 - line);
    fan_out(line, (size_t)(end - line));
  }
  memmove(said, line, held);
}

int main(int argc, char **argv) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event ready[64] = {{.events = EPOLLIN, .data.fd = listener}};

  payload = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
  if (payload < 126 || payload > LONGEST) die("the payload's length has to take two bytes");
  memcpy(frame, (unsigned char[]){0x81, 126, payload >> 8, payload & 0xff}, HEAD);
  signal(SIGPIPE, SIG_IGN);
  if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, BACKLOG) < 0) die("listen");
  if (getsockname(listener, (struct sockaddr *)&address, &size) < 0) die("getsockname");
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, ready) < 0) die("epoll_ctl");
  printf("listening %d\n", ntohs(address.sin_port));
  fflush(stdout);

  for (;;) {
    int some = epoll_wait(epoll, ready, 64, -1);
    for (int at = 0; at < some; at++) {
      if (ready[at].data.fd == listener) accept_all(listener, epoll);
      else hear(ready[at].data.fd);
    }
  }
}
