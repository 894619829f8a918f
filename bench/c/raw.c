// The leanest client that a benchmark can have: it sends frames that were made beforehand and counts what comes back.
// It knows two things of Kafka's protocol: four bytes of length begin a frame, and answers come in the order of the requests.
//   raw PORT FRAMES [connections=64] [depth=1] [seconds=4] [warmup=1] [rate=0] [count=0] [error_at=-1] [least=0]
// FRAMES holds requests one after the other; each connection goes round in them from a place of its own. depth: requests under
// way on a connection. rate: requests a second over all connections, each timed from when it was due (0: as fast as answered).
// count: ends after so many answers, if the time allows it.
// error_at: where in an answer two bytes must be zero; least: bytes that an answer must have. Prints one line of JSON, in ms.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 12, KEPT = 128, SINK = 1 << 18, SUB = 64, CLASSES = 48 * SUB };

typedef struct {
    int fd, under_way, watches_write;
    uint32_t next_frame;
    size_t sent;              // of the frame being sent; its length when none is
    const uint8_t *frame;
    size_t length;
    uint8_t head[HEAD];
    int64_t *due;             // of the requests under way, a ring
    uint64_t asked, answered;
    uint8_t kept[KEPT];       // the begin of the answer being received
    size_t have, answer;      // bytes of it so far, and in all, with its four bytes of length
} Peer;

static uint8_t *frames;
static size_t *begins, frame_count, frames_length;
static int64_t counts[CLASSES], most, measured_from, over_at;
static uint64_t done_requests, failed, bytes_out, bytes_in, asked_count, answered_count, count_limit;
static int depth = 1, error_at = -1, epoll;
static long least;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char *what) {
    fprintf(stderr, "raw: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double option(int argc, char **argv, const char *name, double otherwise) {
    size_t n = strlen(name);
    for (int i = 3; i < argc; i++)
        if (!strncmp(argv[i], name, n) && argv[i][n] == '=') return atof(argv[i] + n + 1);
    return otherwise;
}

static uint32_t big32(const uint8_t *p) { return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]; }

static void load(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    fseek(file, 0, SEEK_END);
    frames_length = (size_t)ftell(file);
    rewind(file);
    frames = malloc(frames_length);
    if (fread(frames, 1, frames_length, file) != frames_length) die(path);
    fclose(file);
    for (size_t at = 0; at < frames_length; at += 4 + big32(frames + at)) frame_count++;
    begins = malloc((frame_count + 1) * sizeof *begins);
    size_t i = 0;
    for (size_t at = 0; at < frames_length; at += 4 + big32(frames + at)) begins[i++] = at;
    begins[i] = frames_length;
}

static void record(int64_t ns) {
    if (ns > most) most = ns;
    uint64_t v = ns < 0 ? 0 : (uint64_t)ns;
    int shift = v < SUB ? 0 : 63 - __builtin_clzll(v) - 6;
    int index = v < SUB ? (int)v : (shift + 1) * SUB + (int)((v >> shift) - SUB);
    counts[index < CLASSES ? index : CLASSES - 1]++;
}

static double percentile(double share, uint64_t total) {
    uint64_t rank = (uint64_t)(share * total), seen = 0;
    for (int i = 0; i < CLASSES; i++) {
        seen += counts[i];
        if (seen > rank || (seen == total && seen))
            return (i < SUB ? i : (double)((uint64_t)(i % SUB + SUB + 1) << (i / SUB - 1))) / 1e6;
    }
    return 0;
}

static void watch(Peer *peer, int write) {
    if (peer->watches_write == write) return;
    peer->watches_write = write;
    struct epoll_event e = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.ptr = peer};
    epoll_ctl(epoll, EPOLL_CTL_MOD, peer->fd, &e);
}

// Sends what is left of the frame.
static void push(Peer *peer) {
    while (peer->sent < peer->length) {
        struct iovec parts[2];
        int n = 0;
        if (peer->sent < HEAD) parts[n++] = (struct iovec){peer->head + peer->sent, HEAD - peer->sent};
        size_t from = peer->sent < HEAD ? HEAD : peer->sent;
        parts[n++] = (struct iovec){(void *)(peer->frame + from), peer->length - from};
        ssize_t sent = writev(peer->fd, parts, n);
        if (sent < 0 && errno == EAGAIN) { watch(peer, 1); return; }
        if (sent <= 0) die("send");
        peer->sent += (size_t)sent;
        bytes_out += (uint64_t)sent;
    }
    watch(peer, 0);
}

static int may_ask(const Peer *peer) {
    return peer->under_way < depth && peer->sent == peer->length && (!count_limit || asked_count < count_limit);
}

static void ask(Peer *peer, int64_t due) {
    size_t frame = peer->next_frame++ % frame_count;
    peer->frame = frames + begins[frame];
    peer->length = begins[frame + 1] - begins[frame];
    memcpy(peer->head, peer->frame, HEAD);
    uint32_t id = htonl((uint32_t)peer->asked);
    memcpy(peer->head + 8, &id, 4);
    peer->sent = 0;
    peer->due[peer->asked++ % depth] = due;
    peer->under_way++;
    asked_count++;
    push(peer);
}

static void answered(Peer *peer) {
    int64_t now = now_ns();
    if (big32(peer->kept + 4) != (uint32_t)peer->answered) { errno = EPROTO; die("an answer to another request"); }
    int is_bad = peer->answer < (size_t)least || (error_at >= 0 && (peer->kept[error_at] || peer->kept[error_at + 1]));
    int64_t due = peer->due[peer->answered++ % depth];
    peer->under_way--;
    answered_count++;
    if (is_bad) failed++;
    if (now >= measured_from && now < over_at && !is_bad) { done_requests++; record(now - due); }
}

static void take(Peer *peer, const uint8_t *data, size_t n) {
    while (n) {
        size_t want = peer->have < 4 ? 4 - peer->have : peer->answer - peer->have;
        size_t part = want < n ? want : n;
        if (peer->have < KEPT) memcpy(peer->kept + peer->have, data, part < KEPT - peer->have ? part : KEPT - peer->have);
        peer->have += part, data += part, n -= part;
        if (peer->have == 4) peer->answer = 4 + big32(peer->kept);
        if (peer->have > 4 && peer->have == peer->answer) { answered(peer); peer->have = peer->answer = 0; }
    }
}

int main(int argc, char **argv) {
    if (argc < 3) { fputs("usage: raw PORT FRAMES [name=value]...\n", stderr); return 2; }
    load(argv[2]);
    int connections = (int)option(argc, argv, "connections", 64);
    depth = (int)option(argc, argv, "depth", 1);
    error_at = (int)option(argc, argv, "error_at", -1);
    least = (long)option(argc, argv, "least", 0);
    count_limit = (uint64_t)option(argc, argv, "count", 0);
    double seconds = option(argc, argv, "seconds", 4), warmup = option(argc, argv, "warmup", 1), rate = option(argc, argv, "rate", 0);
    Peer *peers = calloc((size_t)connections, sizeof *peers);
    static uint8_t sink[SINK];
    epoll = epoll_create1(0);
    for (int i = 0; i < connections; i++) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        Peer *peer = &peers[i];
        peer->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(peer->fd, (struct sockaddr *)&to, sizeof to)) die("connect");
        int on = 1;
        setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        peer->next_frame = (uint32_t)((uint64_t)i * frame_count / (uint64_t)connections);
        peer->due = calloc((size_t)depth, sizeof *peer->due);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = peer};
        epoll_ctl(epoll, EPOLL_CTL_ADD, peer->fd, &e);
    }

    int64_t begun = now_ns();
    measured_from = begun + (int64_t)(warmup * 1e9);
    over_at = measured_from + (int64_t)(seconds * 1e9);
    struct rusage before = {0}, after;
    uint64_t due_count = 0, out_before = 0, in_before = 0;
    int turn = 0, is_measured = 0;
    for (int64_t now = begun; now < over_at && (!count_limit || answered_count < count_limit); now = now_ns()) {
        if (!is_measured && now >= measured_from) {
            is_measured = 1, out_before = bytes_out, in_before = bytes_in;
            getrusage(RUSAGE_SELF, &before);
        }
        if (rate <= 0) {
            for (int i = 0; i < connections; i++)
                while (may_ask(&peers[i])) ask(&peers[i], now_ns());
        } else {
            for (int tried = 0; tried < connections;) {
                int64_t due = begun + (int64_t)(due_count / rate * 1e9);
                if (due > now) break;
                Peer *peer = &peers[turn];
                turn = (turn + 1) % connections;
                if (may_ask(peer)) { ask(peer, due); due_count++; tried = 0; } else tried++;
            }
        }
        int64_t wait = 20000000;
        if (rate > 0) {
            int64_t next = begun + (int64_t)(due_count / rate * 1e9) - now_ns();
            wait = next < 0 ? 1000000 : next < wait ? next : wait;
        }
        struct epoll_event ready[256];
        struct timespec timeout = {0, wait};
        int n = epoll_pwait2(epoll, ready, 256, &timeout, NULL);
        for (int i = 0; i < n; i++) {
            Peer *peer = ready[i].data.ptr;
            if (ready[i].events & EPOLLOUT) push(peer);
            if (!(ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) continue;
            ssize_t got = recv(peer->fd, sink, SINK, MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN) continue;
            if (got <= 0) { if (!got) errno = ECONNRESET; die("receive"); }
            bytes_in += (uint64_t)got;
            take(peer, sink, (size_t)got);
            if (rate <= 0) while (may_ask(peer)) ask(peer, now_ns());
        }
    }
    getrusage(RUSAGE_SELF, &after);
    int64_t ended = now_ns();
    if (ended < over_at) seconds = (ended - measured_from) / 1e9;
    double cpu = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) + (after.ru_stime.tv_sec - before.ru_stime.tv_sec)
        + (after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1e6;
    printf("{\"requests\":%lu,\"requests_s\":%.1f,\"mb_s\":%.2f,\"failed\":%lu,\"client_cpu\":%.3f,\"seconds\":%.3f,"
           "\"latency_ms\":{\"p50\":%.4f,\"p90\":%.4f,\"p99\":%.4f,\"p999\":%.4f,\"p9999\":%.4f,\"max\":%.4f}}\n",
           done_requests, done_requests / seconds, (bytes_out - out_before + bytes_in - in_before) / seconds / 1e6, failed, cpu, seconds,
           percentile(.5, done_requests), percentile(.9, done_requests), percentile(.99, done_requests), percentile(.999, done_requests),
           percentile(.9999, done_requests), most / 1e6);
    return failed != 0;
}
