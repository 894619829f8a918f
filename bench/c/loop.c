// A floor to compare with: the least that a server can do for the same bytes on the same sockets. One epoll loop a thread, run to
// completion: a produce request (api key 0) is received, its bytes are written to the end of a file in the page cache, and an
// answer that was made beforehand is sent; any other request is answered by a head and a range of a file by sendfile.
// It checks nothing and remembers nothing.
//   loop PORT THREADS FOLDER PRODUCE_ANSWER FETCH_HEAD FETCH_FILE FETCH_BYTES
// The answers are files with whole frames (FETCH_HEAD without its records); bytes 4 to 7 become the request's correlation id.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 8 << 20, ROLL = 1 << 30, TAKE = 1 << 20 };

typedef struct { int fd; size_t have, room; uint8_t *bytes; } Peer;
typedef struct { uint8_t bytes[4096]; size_t length; } Answer;

static Answer produce_answer, fetch_head;
static int fetch_file, port;
static size_t fetch_bytes, fetch_length;
static const char *folder;

static void die(const char *what) { fprintf(stderr, "loop: %s: %s\n", what, strerror(errno)); exit(1); }

static uint32_t big32(const uint8_t *p) { return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]; }

static void load(Answer *answer, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    answer->length = fread(answer->bytes, 1, sizeof answer->bytes, file);
    fclose(file);
}

// A fresh file each GB, as segments are; the one before goes.
static int roll(int thread, int old) {
    char path[4096];
    snprintf(path, sizeof path, "%s/loop-%d", folder, thread);
    if (old >= 0) { close(old); unlink(path); }
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (fd < 0) die(path);
    return fd;
}

static void put(int fd, const uint8_t *bytes, size_t length, int flags) {
    while (length) {
        ssize_t n = send(fd, bytes, length, flags | MSG_NOSIGNAL);
        if (n <= 0) return; // The peer is gone; the next receive says so.
        bytes += n, length -= (size_t)n;
    }
}

static void answer(Peer *peer, const uint8_t *frame, size_t length, int log, size_t *written, size_t *fetched) {
    uint8_t head[4096];
    int is_produce = frame[4] == 0 && frame[5] == 0;
    Answer *with = is_produce ? &produce_answer : &fetch_head;
    memcpy(head, with->bytes, with->length);
    memcpy(head + 4, frame + 8, 4);
    if (is_produce) {
        if (write(log, frame, length) != (ssize_t)length) die("write");
        *written += length;
        put(peer->fd, head, with->length, 0);
        return;
    }
    put(peer->fd, head, with->length, MSG_MORE);
    off_t at = (off_t)(*fetched % (fetch_length / fetch_bytes) * fetch_bytes);
    *fetched += 1;
    for (size_t left = fetch_bytes; left;) {
        ssize_t n = sendfile(peer->fd, fetch_file, &at, left);
        if (n <= 0) return;
        left -= (size_t)n;
    }
}

static void *run(void *argument) {
    int thread = (int)(intptr_t)argument, on = 1, log = roll(thread, -1);
    size_t written = 0, fetched = (size_t)thread * 17;
    int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 1024)) die("listen");
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL}, ready[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e);
    for (;;) {
        int n = epoll_wait(epoll, ready, 256, -1);
        for (int i = 0; i < n; i++) {
            Peer *peer = ready[i].data.ptr;
            if (!peer) {
                peer = calloc(1, sizeof *peer);
                peer->fd = accept(listener, NULL, NULL);
                setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                e = (struct epoll_event){.events = EPOLLIN, .data.ptr = peer};
                epoll_ctl(epoll, EPOLL_CTL_ADD, peer->fd, &e);
                continue;
            }
            if (peer->room - peer->have < TAKE && peer->room < BUFFER) peer->bytes = realloc(peer->bytes, peer->room += 2 * TAKE);
            ssize_t got = recv(peer->fd, peer->bytes + peer->have, peer->room - peer->have < TAKE ? peer->room - peer->have : TAKE, MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN) continue;
            if (got <= 0) { close(peer->fd); free(peer->bytes); free(peer); continue; }
            peer->have += (size_t)got;
            size_t from = 0;
            while (peer->have - from >= 12) {
                size_t length = 4 + big32(peer->bytes + from);
                if (length > BUFFER - TAKE) die("a frame too large");
                if (peer->have - from < length) break;
                answer(peer, peer->bytes + from, length, log, &written, &fetched);
                from += length;
                if (written > ROLL) { log = roll(thread, log); written = 0; }
            }
            memmove(peer->bytes, peer->bytes + from, peer->have -= from);
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 8) { fputs("usage: loop PORT THREADS FOLDER PRODUCE_ANSWER FETCH_HEAD FETCH_FILE FETCH_BYTES\n", stderr); return 2; }
    signal(SIGPIPE, SIG_IGN);
    port = atoi(argv[1]);
    folder = argv[3];
    load(&produce_answer, argv[4]);
    load(&fetch_head, argv[5]);
    fetch_file = open(argv[6], O_RDONLY);
    fetch_bytes = (size_t)atol(argv[7]);
    struct stat s;
    if (fetch_file < 0 || fstat(fetch_file, &s)) die(argv[6]);
    fetch_length = (size_t)s.st_size;
    if (fetch_length < fetch_bytes || !fetch_bytes) { fputs("loop: FETCH_FILE is smaller than FETCH_BYTES\n", stderr); return 2; }
    int threads = atoi(argv[2]);
    pthread_t id;
    for (int i = 1; i < threads; i++) pthread_create(&id, NULL, run, (void *)(intptr_t)i);
    run((void *)0);
}
