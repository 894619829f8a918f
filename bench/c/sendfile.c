// What the system alone takes to send a file over a loopback connection, as a broker does that answers fetches: one request of a byte,
// one answer of so many bytes by sendfile, poll where the socket is full. No server can be cheaper over the same socket.
//
//   sendfile FILE ANSWER_BYTES SEND_BUFFER GIGABYTES
//
// SEND_BUFFER 0 lets the system size the buffer. Prints JSON: the CPU seconds a GB of both sides, GB/s, and calls a GB.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) { perror(what); exit(1); }

static double cpu(int who) {
    struct rusage u;
    getrusage(who, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void ask(struct sockaddr_in *at, long answers, long bytes) {
    int on = 1, link = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(link, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(link, (struct sockaddr *)at, sizeof *at)) die("connect");
    char *taken = malloc(1 << 20);
    for (long i = 0; i < answers; i++) {
        if (write(link, "x", 1) != 1) die("write");
        for (long left = bytes; left;) {
            ssize_t n = read(link, taken, 1 << 20);
            if (n <= 0) die("read");
            left -= n;
        }
    }
    _exit(0);
}

int main(int argc, char **argv) {
    if (argc != 5) { fputs("usage: sendfile FILE ANSWER_BYTES SEND_BUFFER GIGABYTES\n", stderr); return 2; }
    int file = open(argv[1], O_RDONLY), buffer = atoi(argv[3]), on = 1;
    long bytes = atol(argv[2]), answers = (long)(atof(argv[4]) * 1e9) / bytes, calls = 0, waits = 0;
    struct stat s;
    if (file < 0 || fstat(file, &s)) die(argv[1]);
    if (s.st_size < bytes) { fputs("sendfile: FILE is smaller than an answer\n", stderr); return 2; }
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&at, size) || getsockname(listener, (struct sockaddr *)&at, &size) || listen(listener, 1)) die("listen");
    pid_t child = fork();
    if (child == 0) ask(&at, answers, bytes);
    int link = accept(listener, NULL, NULL);
    setsockopt(link, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (buffer) setsockopt(link, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    fcntl(link, F_SETFL, O_NONBLOCK);
    double begun = now(), spent = cpu(RUSAGE_SELF);
    off_t from = 0;
    for (long i = 0; i < answers; i++) {
        char asked;
        poll(&(struct pollfd){link, POLLIN, 0}, 1, -1);
        if (read(link, &asked, 1) != 1) die("read");
        if (from + bytes > s.st_size) from = 0;
        for (long left = bytes; left;) {
            ssize_t n = sendfile(link, file, &from, (size_t)left);
            calls++;
            if (n >= 0) left -= n;
            else if (errno != EAGAIN) die("sendfile");
            else {
                waits++;
                poll(&(struct pollfd){link, POLLOUT, 0}, 1, -1);
            }
        }
    }
    double sent = (double)answers * (double)bytes / 1e9, took = now() - begun;
    spent = cpu(RUSAGE_SELF) - spent;
    waitpid(child, NULL, 0);
    printf("{\"server_cpu_gb\": %.4f, \"client_cpu_gb\": %.4f, \"gb_s\": %.3f, \"calls_gb\": %.0f, \"waits_gb\": %.0f}\n",
           spent / sent, cpu(RUSAGE_CHILDREN) / sent, sent / took, (double)calls / sent, (double)waits / sent);
    return 0;
}
